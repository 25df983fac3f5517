// Builds the page: src/ to dist/, which the node embeds. The verifier is built by .ci/wasm and put
// into dist/ before; here its bytes only get a name. What is loaded is named by its content, so
// that a browser may keep it for ever.
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import {build} from 'esbuild';

const out = process.argv[2] ?? 'dist';
const verifier = readFileSync(process.argv[3] ?? 'dist/verifier.wasm');

/** The name under which the node serves these bytes; it computes the same. */
function assetPath(name, bytes) {
  const [stem, ending] = name.split('.');
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return `/assets/${stem}.${hash}.${ending}`;
}

const result = await build({
  entryPoints: {app: 'src/main.tsx', style: 'src/style.css'},
  bundle: true,
  charset: 'utf8',
  define: {VERIFIER: JSON.stringify(assetPath('verifier.wasm', verifier))},
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  minify: true,
  outdir: out,
  target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
  write: false
});

const assets = new Map([['verifier.wasm', verifier]]);
for (const file of result.outputFiles) {
  assets.set(file.path.split('/').at(-1), Buffer.from(file.contents));
}
let page = readFileSync('src/index.html', 'utf8');
for (const [name, bytes] of assets) {
  page = page.replaceAll(`{${name}}`, assetPath(name, bytes));
}
mkdirSync(out, {recursive: true});
for (const [name, bytes] of [...assets, ['index.html', Buffer.from(page)]]) {
  writeFileSync(`${out}/${name}`, bytes);
  writeFileSync(`${out}/${name}.gz`, gzipSync(bytes, {level: 9}));
}
