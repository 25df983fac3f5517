#!/usr/bin/env node
// How long it takes to verify an answer of a network with four validators, in milliseconds: by the
// clock, and of the processor's time, which tells more on a busy machine.
import { readFileSync } from "node:fs";

import { canonicalText, parse, trustGenesis, verify } from "../dist/src/index.js";

const ROUNDS = 500;
const FILE = new URL("../../../tests/golden/format.json", import.meta.url);

const golden = parse(readFileSync(FILE));
const trust = trustGenesis(golden.genesis.text);
for (const [name, answer] of Object.entries({ ...golden.answers, receipt: golden.receipt })) {
  const text = canonicalText(answer);
  const times = [];
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const { verdict } = verify(trust, text, { now: golden.now });
    times.push(performance.now() - start);
    if (verdict !== "valid") throw new Error(`${name} is ${verdict}`);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(2);
  const { user, system } = process.cpuUsage(before);
  const cpu = ((user + system) / 1000 / ROUNDS).toFixed(2);
  const clock = `median ${at(0.5)} ms, 95 % below ${at(0.95)} ms`;
  console.log(`${name.padEnd(12)} ${clock}, processor ${cpu} ms`);
}
