// Signs an event with Digital Bazaar's Data Integrity packages, as an author with nothing of ours
// would. Reads one JSON object from standard input: event, suite, publicKeyMultibase,
// secretKeyMultibase, verificationMethod, domain, id. Writes the signed event.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {createSignCryptosuite as ecdsa} from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import {createSignCryptosuite as eddsa} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import jsigs from 'jsonld-signatures';

const suites = {
  'ecdsa-jcs-2019': {keys: EcdsaMultikey, create: ecdsa},
  'eddsa-jcs-2022': {keys: Ed25519Multikey, create: eddsa}
};

let text = '';
for await (const chunk of process.stdin) {
  text += chunk;
}
const input = JSON.parse(text);
const {keys, create} = suites[input.suite];
const key = await keys.from({
  '@context': 'https://w3id.org/security/multikey/v1',
  id: input.verificationMethod,
  type: 'Multikey',
  controller: input.verificationMethod.split('#')[0],
  publicKeyMultibase: input.publicKeyMultibase,
  secretKeyMultibase: input.secretKeyMultibase
});
const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite: create()});
suite.proof = {domain: input.domain, id: input.id};
const purpose = new jsigs.purposes.ProofPurpose({term: 'capabilityInvocation'});
const signed = await jsigs.sign(input.event, {
  suite, purpose, documentLoader() { throw new Error('nothing is fetched'); }
});
process.stdout.write(JSON.stringify(signed));
