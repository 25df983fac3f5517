// Says what the WebAssembly verifier thinks of answers, to be compared with other implementations.
// Reads lines {"genesis": text, "answer": text, "now": ms, "maxAgeMs": ms or null} (or with a
// "checkpoint" for the "genesis") from standard input, and writes a line {"verdict": word} for each.
import {createInterface} from 'node:readline';
import {verifier} from './load.js';

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const {genesis, checkpoint, answer, now, maxAgeMs} = JSON.parse(line);
  const trusted = genesis ?? checkpoint;
  const {verdict} = verifier.verify({trusted, answer, now, maxAge: maxAgeMs});
  process.stdout.write(`${JSON.stringify({verdict})}\n`);
}
