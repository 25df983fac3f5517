// The verifier as the node serves it, for scripts that run in Node.js.
import {readFileSync} from 'node:fs';
import {Verifier} from '../src/verifier.js';

const module = new URL('../dist/verifier.wasm', import.meta.url);
export const verifier = new Verifier(new WebAssembly.Module(readFileSync(module)));
