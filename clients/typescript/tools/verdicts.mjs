#!/usr/bin/env node
// Verdicts for comparisons with other implementations. Reads lines of JSON
//   {"genesis": text, "answer": text, "now": milliseconds, "maxAgeMs": milliseconds or null}
// (or "checkpoint" for "genesis") and prints a line {"verdict": …, "why": …} for each.
import { createInterface } from "node:readline";

import { trustCheckpoint, trustGenesis, verify } from "../dist/src/index.js";

// A comparison asks about one network many times over.
const known = new Map();

function trustOf({ genesis, checkpoint }) {
  const text = genesis ?? checkpoint;
  if (!known.has(text)) {
    known.set(text, genesis === undefined ? trustCheckpoint(text) : trustGenesis(text));
  }
  return known.get(text);
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const asked = JSON.parse(line);
  const freshness = { now: asked.now, maxAge: asked.maxAgeMs ?? undefined };
  const { verdict, why } = verify(trustOf(asked), asked.answer, freshness);
  process.stdout.write(`${JSON.stringify({ verdict, why })}\n`);
}
