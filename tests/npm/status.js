// Reads lists of statuses as verifiers do: the W3C credentials with Digital Bazaar's packages and
// with jose, the IETF tokens with jose, @auth0/cose and the OpenWallet Foundation's package. Reads
// {"didDocument", "credentials", "jwts", "token", "cwt"} from standard input: the provider's
// document, the credentials of both purposes, their JWTs, and the token as JWT and, in base64url,
// as CWT. Writes for each whether its signature holds, and which slots have which status.
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {createPublicKey} from 'node:crypto';
import {createVerifyCryptosuite as ecdsa} from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import {createVerifyCryptosuite as eddsa} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {checkStatus, decodeList} from '@digitalbazaar/vc-bitstring-status-list';
import {contexts} from '@digitalbazaar/credentials-context';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {decode} from 'cbor-x';
import {getListFromStatusListJWT, StatusList} from '@sd-jwt/jwt-status-list';
import {importJWK, jwtVerify} from 'jose';
import jsonld from 'jsonld';
import {isDeepStrictEqual} from 'node:util';
import {Sign1} from '@auth0/cose';
import {text} from 'node:stream/consumers';

const {didDocument, credentials, jwts, token, cwt} = JSON.parse(await text(process.stdin));

// Nothing is fetched. The packages know the context of DID documents in its first version alone.
const documents = new Map(contexts);
documents.set(didDocument.id, {...didDocument, '@context': 'https://www.w3.org/ns/did/v1'});
for (const method of didDocument.verificationMethod) {
  documents.set(method.id, {'@context': 'https://w3id.org/security/multikey/v1', ...method});
}
for (const credential of credentials) {
  documents.set(credential.id, credential);
}
const loaderOf = documents => async url => {
  if (!documents.has(url)) {
    throw new Error(`there is no ${url}`);
  }
  return {documentUrl: url, document: documents.get(url)};
};

const [method] = didDocument.verificationMethod;
const multikeys = method.publicKeyMultibase.startsWith('z6Mk') ? Ed25519Multikey : EcdsaMultikey;
const jwk = await multikeys.toJwk({
  keyPair: await multikeys.from({'@context': 'https://w3id.org/security/multikey/v1', ...method})
});
const key = await importJWK(jwk, jwk.kty === 'OKP' ? 'EdDSA' : 'ES256');
const suite = [eddsa, ecdsa].map(create => new DataIntegrityProof({cryptosuite: create()}));

// As a verifier of a credential that names the list.
async function statusAt(index, list, documents) {
  const {statusPurpose} = list.credentialSubject;
  const credential = {
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    type: ['VerifiableCredential'],
    issuer: 'did:web:issuer.example',
    credentialStatus: {
      type: 'BitstringStatusListEntry',
      statusPurpose,
      statusListIndex: String(index),
      statusListCredential: list.id
    }
  };
  const {verified, results, error} = await checkStatus({
    credential, documentLoader: loaderOf(documents), suite, verifyMatchingIssuers: false
  });
  return {verified, status: results?.[0].status, error: error && String(error)};
}

// The slots of a list that have each status but 0.
function slots(length, statusAt) {
  const found = {};
  for (let index = 0; index < length; index++) {
    const status = Number(statusAt(index));
    if (status) {
      (found[status] ??= []).push(index);
    }
  }
  return found;
}

async function readCredential(credential) {
  const {credentialSubject: subject} = credential;
  const list = await decodeList({encodedList: subject.encodedList});
  const changed = {...credential, validUntil: '9999-12-31T23:59:59Z'};
  const forged = await statusAt(0, changed, new Map(documents).set(changed.id, changed));
  // Fails where no context defines a term.
  const documentLoader = loaderOf(documents);
  const {proof, ...unsecured} = credential;
  await jsonld.expand(unsecured, {documentLoader, safe: true});
  return {
    purpose: subject.statusPurpose,
    ...await statusAt(0, credential, documents),
    forged: forged.verified,
    length: list.length,
    slots: slots(list.length, index => list.getStatus(index))
  };
}

// Fails where the signature, the type or the time is wrong.
async function readJwt(jwt, typ) {
  const options = {typ, algorithms: ['EdDSA', 'ES256']};
  const {payload, protectedHeader} = await jwtVerify(jwt, key, options);
  const [header, , signature] = jwt.split('.');
  const other = Buffer.from(JSON.stringify({...payload, forged: true})).toString('base64url');
  const forged = await jwtVerify(`${header}.${other}.${signature}`, key, options)
    .then(() => true, () => false);
  return {payload, header: protectedHeader, forged};
}

async function readToken() {
  const {payload, header, forged} = await readJwt(token, 'statuslist+jwt');
  const {status_list: {bits}, sub, iat, exp, ttl} = payload;
  const list = getListFromStatusListJWT(token);
  const length = list.statusList.length;
  return {
    verified: true, forged, header, bits, sub, iat, exp, ttl, length,
    slots: slots(length, index => list.getStatus(index))
  };
}

async function readCwt() {
  const bytes = Buffer.from(cwt, 'base64url');
  const publicKey = createPublicKey({key: jwk, format: 'jwk'});
  const isSigned = bytes => Sign1.decode(bytes).verify(publicKey).then(() => true, () => false);
  // One bit of the URL.
  const other = Buffer.from(bytes);
  other[bytes.indexOf('https://') + 9] ^= 1;
  const {payload, protectedHeaders} = Sign1.decode(bytes);
  const claims = decode(payload);
  const {bits, lst} = claims[65533];
  const list = StatusList.decompressStatusList(lst.toString('base64url'), bits);
  const length = list.statusList.length;
  return {
    verified: await isSigned(bytes),
    forged: await isSigned(other),
    header: {
      alg: protectedHeaders.get(1), kid: String(protectedHeaders.get(4)),
      typ: protectedHeaders.get(16)
    },
    bits, sub: claims[2], iat: claims[6], exp: claims[4], ttl: claims[65534], length,
    slots: slots(length, index => list.getStatus(index))
  };
}

const [unsecured, secured] = [[], []];
for (const [at, jwt] of jwts.entries()) {
  const {payload, header, forged} = await readJwt(jwt, 'vc+jwt');
  const {proof, ...credential} = credentials[at];
  unsecured.push({header, forged, same: isDeepStrictEqual(payload, credential)});
  secured.push(await readCredential(credentials[at]));
}
console.log(JSON.stringify({
  credentials: secured, jwts: unsecured, token: await readToken(), cwt: await readCwt()
}));
