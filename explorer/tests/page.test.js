// The page as a person sees it: in a browser without a window, on a real local network. Says why
// and is skipped where there is no Chromium or no built node. Pictures go to the folder PICTURES,
// where it is named.
import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {after, afterEach, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';
import {startNetwork, startProxy} from './network.js';

const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const built = new URL('../../target/release/dzong', import.meta.url);
const dzong = process.env.DZONG ?? fileURLToPath(built);
const pictures = process.env.PICTURES;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const missing = [browserPath, dzong].find(path => !existsSync(path));
const skip = missing && `${missing} is not there`;
const patience = 30_000;

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
];
const looks = {
  light: {colorScheme: 'light', viewport: {width: 1280, height: 860}},
  dark: {colorScheme: 'dark', viewport: {width: 1280, height: 860}},
  phone: {colorScheme: 'light', viewport: {width: 390, height: 844}, deviceScaleFactor: 2}
};

let network, proxy, browser, genesis, events;
const elsewhere = [];
const complaints = [];

before(
  async () => {
    if (skip) return;
    network = startNetwork(dzong);
    proxy = await startProxy(network.port);
    browser = await chromium.launch({executablePath: browserPath, args: flags});
    const get = async path => (await fetch(new URL(path, proxy.url))).json();
    genesis = (await get('/v1/status')).genesis;
    ({events} = await get('/v1/events?limit=200'));
  },
  {timeout: 8 * patience}
);

after(async () => {
  await browser?.close();
  proxy?.stop();
  network?.stop();
});

afterEach(async () => {
  if (proxy) proxy.lie = undefined;
  await Promise.all(browser?.contexts().map(context => context.close()) ?? []);
});

/** A page in a browser of its own, where nothing is kept from before. */
async function open(hash = '', look = looks.light) {
  const context = await browser.newContext(look);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on('request', request => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(proxy.url)) {
      elsewhere.push(request.url());
    }
  });
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => {
    // What is not found is an answer like others, and the browser remarks on it all the same.
    const {text, type} = {text: message.text(), type: message.type()};
    if (type === 'error' && !text.startsWith('Failed to load resource')) complaints.push(text);
  });
  await page.goto(proxy.url + hash);
  return page;
}

/** Confirms the network by the hash that was given by another way. */
async function confirm(page) {
  await page.goto(`${proxy.url}#/trust`);
  await page.getByLabel('The hash that you were given').fill(genesis);
  await page.getByRole('button', {name: 'Trust this network'}).click();
  await page.getByText('You trust this network').waitFor();
}

/** Looks something up as a person does who does not use a mouse. */
async function find(page, text) {
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement?.blur?.());
  await page.keyboard.press('/');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

const heading = page => page.locator('.seal .heading');
const settled = (page, text) => heading(page).filter({hasText: text}).waitFor();
const verified = page => settled(page, 'Verified in this browser');
const subject = () => events.find(({event}) => event.type === 'DidCreated').event.author;

test('a DID that is found is verified in the browser', {skip}, async () => {
  const page = await open();
  await confirm(page);
  await find(page, subject());
  await verified(page);
  await page.getByText('What was checked').click();
  const checks = await page.locator('.checks').innerText();
  assert.match(checks, /node\d, node\d,? and node\d: 3 signatures of 4/);
  assert.match(
    checks,
    new RegExp(`${genesis.slice(0, 8)}…${genesis.slice(-8)}, which you confirmed`)
  );
  await page.getByRole('heading', {name: 'Keys, and what each may do'}).waitFor();
  await page.getByText('issue credentials').waitFor();
  await page.getByText('service #issuer added').waitFor();
  await page.getByRole('button', {name: /^Change one letter/}).click();
  await page.locator('.trial .mark', {hasText: 'Invalid'}).waitFor();
  await page.getByRole('link', {name: 'Version 1', exact: true}).click();
  await page.getByText('This is version 1 of 4').waitFor();
  await verified(page);
});

test('nothing counts as verified before the user confirmed the network', {skip}, async () => {
  const page = await open(`#/did/${subject()}`);
  await settled(page, 'confirm the network first');
  await confirm(page);
  await page.goBack();
  await verified(page);
  await page.reload();
  await verified(page);
});

test('an answer of which a byte was changed on its way is refused', {skip}, async () => {
  const page = await open();
  await confirm(page);
  proxy.lie = (path, text) =>
    path.startsWith('/1.0/') && text.replace('issuer.example', 'issuer.exbmple');
  await find(page, subject());
  await settled(page, 'The proof is broken');
  assert.equal(await page.getByRole('heading', {name: 'Services'}).count(), 0);
  if (pictures) await picture(page, 'tampered', 'light');
  proxy.lie = (path, text) =>
    path.startsWith('/1.0/') && text.replace(/"didDocumentMetadata":.*/, '"x":1}');
  await page.reload();
  await settled(page, 'The proof is broken');
  // The true answer to another question is none.
  const other = events.find(({event}) => event.author !== subject()).event.author;
  const path = `/1.0/identifiers/${other}?proof=true`;
  const headers = {accept: 'application/did-resolution'};
  const sound = await (
    await fetch(new URL(path, `http://127.0.0.1:${network.port}`), {headers})
  ).text();
  proxy.lie = asked => asked.startsWith('/1.0/') && sound;
  await page.reload();
  await settled(page, 'The proof is broken');
  proxy.lie = undefined;
  await page.reload();
  await verified(page);
});

test('a node of another network is warned of, and proves nothing', {skip}, async () => {
  const page = await open();
  await confirm(page);
  proxy.lie = (path, text) => path === '/v1/genesis' && text.replace('"power":1', '"power":2');
  await page.reload();
  await page.getByText('This node belongs to another network').waitFor();
  proxy.lie = undefined;
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('dzong.trusted'));
    kept.document = kept.document.replace('"power":1', '"power":2');
    localStorage.setItem('dzong.trusted', JSON.stringify(kept));
  });
  await page.goto(`${proxy.url}#/did/${subject()}`);
  await page.reload();
  await settled(page, 'Not from a network that you trust');
  if (pictures) await picture(page, 'foreign', 'light');
});

test('what is not registered is proven absent', {skip}, async () => {
  const page = await open();
  await confirm(page);
  const absent = subject().replace(/.{46}$/, 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR');
  await find(page, absent);
  await verified(page);
  await page.getByText('Nobody registered this DID').waitFor();
});

test('events, blocks and records are verified too', {skip}, async () => {
  const page = await open();
  await confirm(page);
  await find(page, events[0].id);
  await verified(page);
  const signatures = page.locator('section', {hasText: 'Signatures'}).locator('.mark.proven');
  assert.equal(await signatures.count(), events[0].event.proof.length);
  await find(page, String(events[0].height));
  await verified(page);
  await page.getByRole('link', {name: new RegExp(`^${events[0].id.slice(0, 8)}`)}).waitFor();
  await find(page, 'governance/body');
  await verified(page);
  await page.getByText('civil-service').first().waitFor();
});

test(
  'who governs, what was decided and what applies can be read, row by row proven',
  {skip},
  async () => {
    const page = await open();
    await confirm(page);
    await page.getByRole('link', {name: 'Governance'}).click();
    const card = name =>
      page.locator('section.card', {has: page.getByRole('heading', {name, exact: true})});
    await card('Governing Body').getByText('Government Technology Agency').waitFor();
    assert.equal(await card('Governing Body').locator('li').count(), 5);
    const framework = card('Decisions').locator('li', {hasText: 'Governance Framework'});
    await framework.getByText('in effect; 3 votes for it, 0 against, 3 needed').waitFor();
    await framework.locator('.mark.proven').waitFor();
    await card('Documents that apply').getByText('Regulation on Fees').waitFor();
  }
);

test('who is on board, and by whose word it may do what, can be read', {skip}, async () => {
  const page = await open();
  await confirm(page);
  await page.getByRole('link', {name: 'Registry'}).click();
  const registry = page.locator('li', {hasText: 'lists for the Administrative Body'});
  await registry.getByText('revoked').waitFor();
  await registry.locator('.mark.proven').waitFor();
  await page.getByRole('link', {name: 'University'}).click();
  await page.getByRole('heading', {name: 'University'}).waitFor();
  const grant = page.locator('li', {hasText: 'University may issue AcademicTranscript'});
  await grant.locator('.mark.proven').first().waitFor();
  // What a row says is the record's, not the list's: a changed record is no row.
  proxy.lie = (path, text) =>
    path.startsWith('/v1/records/authorization')
      ? text.replace('AcademicTranscript', 'AcademicTranscripts')
      : text;
  await page.reload();
  await page.locator('li .mark.invalid').first().waitFor();
  assert.equal(await page.getByText('AcademicTranscripts').count(), 0);
});

test(
  'which credentials count, and how that came to be, can be read and checked',
  {skip},
  async () => {
    const page = await open();
    await confirm(page);
    await page.getByRole('link', {name: 'Revocation'}).click();
    const listed = page.locator('li.record', {hasText: '4,096 slots'});
    await listed.locator('.mark.proven').waitFor();
    await listed.getByRole('link', {name: 'AcademicTranscript'}).click();
    await verified(page);
    const tile = name => page.locator('.tiles dl > div', {hasText: name}).locator('dd').first();
    await tile('Locked').filter({hasText: '1'}).waitFor();
    const tiles = ['Valid', 'Revoked', 'Suspended'].map(name => tile(name).innerText());
    assert.deepEqual(await Promise.all(tiles), ['4,087', '6', '2']);
    const told = page.locator('.timeline li');
    const lock = told.filter({hasText: 'so that the issuer cannot change that'});
    await lock.getByText('by decision of the Governing Body').waitFor();
    assert.deepEqual(
      (await told.locator('p:first-child').allInnerTexts()).map(
        text => text.split(/[:;,]|\s+Ver/)[0]
      ),
      [
        '4 slots revoked',
        '4 released',
        '3 1 slot reactivated',
        '2 frozen',
        '1 1 slot suspended',
        '5 slots reactivated',
        '3 slots revoked',
        'created'
      ]
    );
    assert.equal(await told.locator('.mark.proven').count(), 8);
    assert.equal(await page.locator('.chart .mark-at').count(), 4);
    await page.getByText('The drawing as a table').click();
    assert.equal(await page.locator('details table tbody tr').count(), 6);
    await lock.getByRole('link', {name: /…/}).click();
    await verified(page);
    await page.getByRole('link', {name: network.registry.slice(0, 8)}).click();
    await verified(page);
  }
);

test(
  'statuses that were changed are not counted, and what is kept back is missed',
  {skip},
  async () => {
    const page = await open();
    await confirm(page);
    const lists = `/v1/revocation/registries/${network.registry}/statuses`;
    proxy.lie = (path, text) =>
      path.startsWith(lists) ? text.replace(/("statuses":"..)./, '$1_') : text;
    await page.goto(`${proxy.url}#/revocation/${network.registry}`);
    await verified(page);
    await page.locator('.tiles .mark.invalid').waitFor();
    await page.getByText('A list of statuses is not to be relied on').waitFor();
    assert.equal(await page.locator('.slots').count(), 0);
    const about = encodeURIComponent(`status/${network.registry}`);
    const override = await (
      await fetch(`${proxy.url}v1/events?subject=${about}&type=StatusOverridden&limit=1`)
    ).json();
    proxy.lie = (path, text) => {
      // Nor is what the node lists told when it is about something else.
      if (path.startsWith('/v1/events?subject')) return JSON.stringify({events: [events[0]]});
      return path.includes(override.events[0].id) ? '{}' : text;
    };
    await page.reload();
    await page.getByText('Version 4 is not told').waitFor();
    await page.locator('.timeline li', {hasText: 'which corrects an error'}).waitFor();
    assert.equal(await page.locator('.timeline li').count(), 5);
    proxy.lie = undefined;
    await page.goto(`${proxy.url}#/revocation/${'0'.repeat(64)}`);
    await verified(page);
    await page.getByText('There is no such registry').waitFor();
  }
);

test('what the network does is shown as it goes on', {skip}, async () => {
  const page = await open();
  await confirm(page);
  await page.goto(proxy.url);
  const newest = page.locator('tbody tr').first();
  const seen = await newest.locator('a').innerText();
  await newest.locator('a').filter({hasNotText: seen}).waitFor();
  await newest.locator('.mark.proven').waitFor();
});

for (const [name, look] of Object.entries(looks)) {
  test(`every view can be read and used by everyone: ${name}`, {skip}, async () => {
    const page = await open('', look);
    await confirm(page);
    const entity = events.find(({event}) => event.type === 'EntityRegistered').event.entity;
    const ended = events.find(({event}) => event.type === 'DidDeactivated').event.author;
    const views = {
      now: '#/',
      network: '#/network',
      governance: '#/governance',
      entities: '#/entities',
      entity: `#/entity/${entity}`,
      revocation: '#/revocation',
      registry: `#/revocation/${network.registry}`,
      trust: '#/trust',
      did: `#/did/${subject()}`,
      ended: `#/did/${ended}`,
      event: `#/event/${events[0].id}`,
      block: `#/block/${events[0].height}`,
      record: '#/record/governance/body'
    };
    for (const [view, hash] of Object.entries(views)) {
      await page.goto(proxy.url + hash);
      await page.locator('.waiting').first().waitFor({state: 'detached'});
      await page.locator('main .card').first().waitFor();
      await page.waitForLoadState('networkidle');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${view} is ${wide} pixels too wide`);
      assert.equal(await page.locator('h1').count(), 1, view);
      await page.evaluate(axe);
      const {violations} = await page.evaluate(() => axe.run());
      assert.deepEqual(
        violations.map(({id, nodes}) => [id, nodes.map(node => node.html)]),
        [],
        view
      );
      if (pictures) await picture(page, view, name);
    }
  });
}

test('the page asks nobody else, and breaks none of its own rules', {skip}, () => {
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints, []);
});

async function picture(page, view, look) {
  mkdirSync(pictures, {recursive: true});
  await page.screenshot({path: join(pictures, `${view}-${look}.png`), fullPage: true});
}
