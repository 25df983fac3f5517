// Verifies authorisation credentials with Digital Bazaar's Data Integrity packages, and resolves
// their issuers as applications on npm do. Reads {"url", "credential"} from standard input; writes
// whether its proof holds, and whether it would after each of a few changes.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Resolver} from 'did-resolver';
import {createVerifyCryptosuite as ecdsa} from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import {createVerifyCryptosuite as eddsa} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {getUniversalResolverFor} from '@veramo/did-resolver';
import jsigs from 'jsonld-signatures';

let text = '';
for await (const chunk of process.stdin) {
  text += chunk;
}
const {url, credential} = JSON.parse(text);
const resolver = new Resolver(getUniversalResolverFor(['ndi'], `${url}/1.0/identifiers/`));
const {didDocument} = await resolver.resolve(credential.issuer);

// The key is one of the issuer's document; nothing else is fetched.
async function documentLoader(id) {
  const method = didDocument.verificationMethod.find(one => one.id === id);
  if(!method) {
    throw new Error(`the issuer has no method ${id}`);
  }
  const document = {'@context': 'https://w3id.org/security/multikey/v1', ...method};
  return {documentUrl: id, document};
}

const suite = [eddsa, ecdsa].map(create => new DataIntegrityProof({cryptosuite: create()}));
// The issuer's document must list the key for making assertions.
const purpose = new jsigs.purposes.AssertionProofPurpose({controller: didDocument});

async function verify(document) {
  const {verified, error} = await jsigs.verify(document, {suite, purpose, documentLoader});
  return {verified, error: error && String(error)};
}

const changed = {
  issuer: {...credential, issuer: 'did:web:elsewhere.example'},
  period: {...credential, validUntil: '9999-12-31T23:59:59Z'},
  status: {...credential, credentialStatus: []},
  subject: {...credential, credentialSubject: {...credential.credentialSubject, id: 'did:web:x'}}
};
const forged = {};
for (const [name, document] of Object.entries(changed)) {
  forged[name] = (await verify(document)).verified;
}
process.stdout.write(JSON.stringify({...await verify(credential), forged}));
