// A local network of real nodes for the test of the page, and a proxy that may lie for it.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** Ports are tried until the network finds all that it needs free. */
const TRIES = 5;

/** Where they begin: other tests' networks, which may run at the same time, stand elsewhere. */
const PORTS = {first: 12_000, count: 3_000};

/** Starts four validators and lets the demo register, change and deactivate DIDs. */
export function startNetwork(dzong) {
  const home = mkdtempSync(join(tmpdir(), 'dzong-explorer-'));
  const env = {...process.env, DZONG_HOME: home};
  const run = (...args) => execFileSync(dzong, args, {encoding: 'utf8', stdio: 'pipe', env});
  const stop = () => {
    try {
      run('localnet', 'stop', '--home', home);
    } finally {
      rmSync(home, {recursive: true, force: true});
    }
  };
  for (let tries = 1; ; tries += 1) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    try {
      run('localnet', '--home', home, '--detach', '--fresh', '--base-port', String(port));
      const url = `http://127.0.0.1:${port}`;
      run('demo', '--home', home, '--url', url);
      return {port, stop, registry: startRegistry((...args) => run(...args, '--url', url), home)};
    } catch (error) {
      if (tries === TRIES) {
        rmSync(home, {recursive: true, force: true});
        throw error;
      }
    }
  }
}

/**
 * A revocation registry with a past: its issuer revokes and suspends, the Governing Body suspends
 * and locks, and while it is frozen a court corrects an error. Returns its id.
 */
function startRegistry(run, home) {
  const own = join(home, 'page-issuer.json');
  const key = (...names) => names.flatMap(name => ['--key', join(home, 'keys', `${name}.json`)]);
  const first = text => text.split('\n', 1)[0].trim();
  run('key', 'new', '--suite', 'ed25519', '--out', own);
  const did = first(run('did', 'create', '--key', own));
  writeFileSync(own, JSON.stringify({...JSON.parse(readFileSync(own, 'utf8')), did}));
  const type = ['--credential-type', 'AcademicTranscript'];
  const formats = ['--format', 'bitstring', '--format', 'token'];
  const created = ['status', 'create', '--capacity', '4096', ...formats, ...type, '--key', own];
  const id = first(run(...created));
  const act = (what, ...args) => run('status', what, id, ...args);
  const change = (...args) => act('change', ...args, '--ground', 'on-request', '--key', own);
  const court = ['--ground', 'court-order', ...key('administrative-body')];
  const governors = key('governor-1', 'governor-2', 'governor-3');
  change('--revoke', '5,17,2901', '--suspend', '40-49');
  change('--reactivate', '40-44');
  act('override', '--suspend', '9', '--lock', '--ground', 'national-security', ...governors);
  act('freeze', ...court);
  act('override', '--reactivate', '17', '--corrects', '--basis', 'court', ...court);
  act('release', ...court);
  change('--revoke', '46-49');
  return id;
}

const types = {css: 'text/css', html: 'text/html', js: 'text/javascript', wasm: 'application/wasm'};

/**
 * A file of the page from the folder DIST, where that is named: for who looks at a page of which no
 * node was built yet.
 */
function unbuilt(path) {
  const [found, stem, ending] = /^\/(?:assets\/(\w+)\.\w+\.(\w+))?$/.exec(path) ?? [];
  if (!process.env.DIST || !found) return undefined;
  const name = stem ? `${stem}.${ending}` : 'index.html';
  return {bytes: readFileSync(join(process.env.DIST, name)), type: types[ending ?? 'html']};
}

/**
 * A proxy before a node. `lie` is called with the path and the text of every answer in JSON, and
 * may return another text.
 */
export async function startProxy(port) {
  const proxy = {lie: undefined, url: '', stop: () => {}};
  const server = createServer((asked, answer) => {
    const {url: path, method} = asked;
    // Who lies does not say that what the browser has is still right.
    const {'if-none-match': _, ...headers} = asked.headers;
    if (proxy.lie) delete headers['accept-encoding'];
    const forwarded = request({port, path, method, headers}, async response => {
      const {statusCode, headers} = response;
      const file = unbuilt(path);
      if (file) {
        response.resume();
        const {'content-length': _, 'content-encoding': __, etag: ___, ...rest} = headers;
        answer.writeHead(200, {...rest, 'content-type': file.type}).end(file.bytes);
        return;
      }
      const isJson = /json|did-resolution/.test(headers['content-type'] ?? '');
      if (!proxy.lie || !isJson) {
        answer.writeHead(statusCode, headers);
        response.pipe(answer);
        return;
      }
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      const body = proxy.lie(path, text) ?? text;
      const {'content-length': _, etag: __, ...rest} = headers;
      answer.writeHead(statusCode, rest).end(body);
    });
    // A node that went away, or a browser that left: neither gets anything more.
    forwarded.on('error', () => answer.destroy());
    answer.on('close', () => forwarded.destroy());
    asked.pipe(forwarded);
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  proxy.url = `http://127.0.0.1:${server.address().port}/`;
  proxy.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return proxy;
}
