// Verifies events as a node serves them, with Digital Bazaar's Data Integrity packages. Reads
// {"url", "ids"} from standard input; writes for each event whether its author's proof holds. The
// packages know no chains of proofs, so an endorser's proof is not theirs to judge.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createVerifyCryptosuite as ecdsa} from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import {createVerifyCryptosuite as eddsa} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import jsigs from 'jsonld-signatures';

let text = '';
for await (const chunk of process.stdin) {
  text += chunk;
}
const {url, ids} = JSON.parse(text);

// The key stands in the verification method's own name; nothing is fetched.
async function documentLoader(id) {
  const [controller, publicKeyMultibase] = id.split('#');
  const context = 'https://w3id.org/security/multikey/v1';
  const document = {'@context': context, id, type: 'Multikey', controller, publicKeyMultibase};
  return {documentUrl: id, document};
}

const suite = [eddsa, ecdsa].map(create => new DataIntegrityProof({cryptosuite: create()}));
const results = [];
for (const id of ids) {
  const {event} = await (await fetch(`${url}/v1/events/${id}`)).json();
  const purpose = new jsigs.purposes.ProofPurpose({term: 'capabilityInvocation'});
  const {verified, error} = await jsigs.verify(event, {suite, purpose, documentLoader});
  const changed = {...event, created: '2020-01-01T00:00:00Z'};
  const forged = await jsigs.verify(changed, {suite, purpose, documentLoader});
  results.push({id, verified, forged: forged.verified, error: error && String(error)});
}
process.stdout.write(JSON.stringify(results));
