// A local network of real nodes for the test of the page, and a proxy that may lie for it.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** Ports are tried until the network finds all that it needs free. */
const TRIES = 5;

/** Starts four validators and lets the demo register, change and deactivate DIDs. */
export function startNetwork(dzong) {
  const home = mkdtempSync(join(tmpdir(), 'dzong-explorer-'));
  const run = (...args) => execFileSync(dzong, args, {encoding: 'utf8', stdio: 'pipe'});
  const stop = () => {
    try {
      run('localnet', 'stop', '--home', home);
    } finally {
      rmSync(home, {recursive: true, force: true});
    }
  };
  for (let tries = 1; ; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 8_000);
    try {
      run('localnet', '--home', home, '--detach', '--fresh', '--base-port', String(port));
      run('demo', '--home', home, '--url', `http://127.0.0.1:${port}`);
      return {port, stop};
    } catch (error) {
      if (tries === TRIES) {
        rmSync(home, {recursive: true, force: true});
        throw error;
      }
    }
  }
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
    const forwarded = request({port, path, method, headers}, async response => {
      const {statusCode, headers} = response;
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
