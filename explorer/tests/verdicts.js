// Says what the WebAssembly verifier thinks of answers, to be compared with other implementations.
// Reads lines {"genesis": text, "answer": text, "now": ms, "maxAgeMs": ms or null} from standard
// input, and writes a line {"verdict": word} for each.
import {createInterface} from 'node:readline';
import {verifier} from './load.js';

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const {genesis, answer, now, maxAgeMs} = JSON.parse(line);
  const {verdict} = verifier.verify({trusted: genesis, answer, now, maxAge: maxAgeMs});
  process.stdout.write(`${JSON.stringify({verdict})}\n`);
}
