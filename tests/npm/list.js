// Reads a signed list of trusted entities as another country would: its signature by the
// certificate in its header, then its form with a package that knows ETSI TS 119 602. Reads
// {"list"} from standard input; writes its content, what is wrong with its form, and what holds of
// its signature.
import {X509Certificate, createHash, verify} from 'node:crypto';
import {text} from 'node:stream/consumers';
import {validateLoTE} from '@owf/eudi-lote';

const {list} = JSON.parse(await text(process.stdin));
const bytes = part => Buffer.from(part, 'base64url');
const [header, payload, signature] = list.split('.');
const {alg, x5c, 'x5t#S256': thumbprint} = JSON.parse(bytes(header));
const certificate = new X509Certificate(Buffer.from(x5c[0], 'base64'));
const content = JSON.parse(bytes(payload));

function isSigned(payload) {
  const key = {key: certificate.publicKey, dsaEncoding: 'ieee-p1363'};
  const signed = Buffer.from(`${header}.${payload}`);
  return verify(alg === 'ES256' ? 'sha256' : null, signed, key, bytes(signature));
}

const other = structuredClone(content);
other.LoTE.ListAndSchemeInformation.LoTESequenceNumber += 1;
console.log(JSON.stringify({
  content,
  errors: validateLoTE(content).errors,
  forged: isSigned(Buffer.from(JSON.stringify(other)).toString('base64url')),
  named: createHash('sha256').update(certificate.raw).digest('base64url') === thumbprint,
  signed: isSigned(payload),
  subject: certificate.subject,
}));
