// The verifier as the node serves it (or the module named by VERIFIER), for scripts in Node.js.
import {readFileSync} from 'node:fs';
import {Verifier} from '../src/verifier.js';

const module = process.env.VERIFIER ?? new URL('../dist/verifier.wasm', import.meta.url);
export const verifier = new Verifier(new WebAssembly.Module(readFileSync(module)));
