// The status page. It asks this node alone, and believes it: nothing here is verified.
"use strict";

const POLL_MS = 2000;
const BLOCKS_SHOWN = 8;

const $ = (id) => document.getElementById(id);
const show = (id, text) => { if ($(id).textContent !== String(text)) $(id).textContent = text; };

/** An element with text and attributes; text never becomes markup. */
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

async function ask(path, accept = "application/json") {
  const response = await fetch(path, { headers: { accept }, cache: "no-cache" });
  const text = await response.text();
  let body = null;
  try { body = JSON.parse(text); } catch { /* not JSON: only the status says something */ }
  return { status: response.status, ok: response.ok, text, body };
}

// ---- the network now

let status = null;
let clockSkew = 0;

async function poll() {
  try {
    const answer = await ask("/v1/status");
    if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
    status = answer.body;
    clockSkew = Math.max(0, status.time - Date.now());
    showStatus();
    await showBlocks();
  } catch (error) {
    setState("bad", `the node does not answer (${error.message})`);
  }
  setTimeout(poll, POLL_MS);
}

function setState(tone, text) {
  $("state").className = tone;
  show("state-text", text);
}

function showStatus() {
  const count = (value) => Number(value).toLocaleString("en");
  document.title = `Dzong · ${status.network}`;
  show("network", status.network);
  show("height", count(status.height));
  show("log-size", count(status.logSize));
  show("validators", count(status.validators));
  show("peers", count(status.peers));
  show("evidence", count(status.evidence));
  $("evidence").className = status.evidence > 0 ? "bad" : "";
  show("waiting", status.mempool ? count(status.mempool.events) : "–");
  show("role", status.moniker ? `${status.role} ${status.moniker}` : status.role);
  show("genesis", status.genesis);
  show("state-root", status.stateRoot);
  show("version", status.version);
  if (status.halted) setState("bad", `halted: ${status.halted}`);
  else if (!status.ready) setState("bad", `not ready: ${status.unready || "starting"}`);
  else setState("good", "the network decides blocks");
}

function showAge() {
  if (!status || !status.height) return;
  const seconds = Math.max(0, (Date.now() + clockSkew - status.time) / 1000);
  const text = seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
  show("age", `${text} ago`);
}

const blocks = new Map();
let names = new Map();

async function showBlocks() {
  const newest = status.height;
  const wanted = [];
  for (let h = newest; h > 0 && h > newest - BLOCKS_SHOWN; h--) wanted.push(h);
  for (const h of blocks.keys()) if (!wanted.includes(h)) blocks.delete(h);
  await Promise.all(wanted.filter((h) => !blocks.has(h)).map(async (h) => {
    const answer = await ask(`/v1/blocks/${h}`);
    if (answer.ok) blocks.set(h, answer.body);
  }));
  const rows = wanted.filter((h) => blocks.has(h)).map((h) => {
    const { header, events, certificate } = blocks.get(h);
    const row = document.createElement("tr");
    const height = document.createElement("td");
    height.append(make("a", h, { href: `#${h}` }));
    const proposer = names.get(header.proposer) || `${header.proposer.slice(0, 12)}…`;
    const votes = `${certificate.signatures.length} in round ${certificate.round}`;
    const time = new Date(header.time).toLocaleTimeString();
    row.append(height, ...[time, events.length, votes, proposer].map((text) => make("td", text)));
    return row;
  });
  $("blocks").replaceChildren(...rows);
}

async function showValidators() {
  const answer = await ask("/v1/validators");
  if (!answer.ok) return;
  const list = answer.body.validators;
  const name = (entry) => entry.name || entry.moniker || `${entry.validatorKey.slice(0, 12)}…`;
  names = new Map(list.map((entry) => [entry.validatorKey, name(entry)]));
  $("set").replaceChildren(...list.map((entry) => {
    const item = make("li", `${name(entry)} · power ${entry.power} · operator `);
    if (entry.operator) item.append(make("a", entry.operator, { href: `#${entry.operator}` }));
    return item;
  }));
}

// ---- search

let lookups = 0;
let saved = null;

/** Browsers encode some of what follows #; a text that was never encoded stays as it is. */
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** What the text after # asks for, answered below the search box. */
async function lookUp() {
  const asked = decoded(location.hash.slice(1)).trim();
  if (asked === "" || asked === "search") return;
  $("search").value = asked;
  const turn = ++lookups;
  let found;
  try {
    if (/^[0-9]{1,15}$/.test(asked)) found = await lookUpBlock(asked);
    else if (/^[0-9a-f]{64}$/.test(asked)) found = await lookUpEvent(asked);
    else found = await lookUpDid(asked);
  } catch (error) {
    found = { title: "The node does not answer", facts: [["Problem", error.message]] };
  }
  // An answer that was overtaken by a later question is not shown.
  if (turn === lookups) showFound(found);
}

async function lookUpDid(asked) {
  const [did, parameters] = asked.split("?");
  const query = new URLSearchParams(parameters || "");
  query.set("proof", "true");
  const path = `/1.0/identifiers/${encodeURIComponent(did)}?${query}`;
  const answer = await ask(path, "application/did-resolution");
  const result = answer.body || {};
  const metadata = { ...result.didDocumentMetadata };
  const proof = (metadata.proof || [])[0];
  delete metadata.proof;
  const error = (result.didResolutionMetadata || {}).error;
  const facts = Object.entries(metadata).map(([name, value]) => [name, String(value)]);
  if (error) facts.push(["Answer", error.title || error.type]);
  else if (!answer.ok && !metadata.deactivated) facts.push(["Answer", detail(answer)]);
  if (proof) {
    const { height, signatures } = proof.evidence.certificate;
    facts.push(["Proof", `for height ${height}, with ${signatures.length} votes`]);
  } else {
    facts.push(["Proof", "none"]);
  }
  let title = "No answer";
  if (metadata.deactivated) title = "Deactivated";
  else if (result.didDocument) title = "Found";
  else if (answer.status === 404 && error) title = "Not registered";
  const version = query.get("versionId");
  // What is shown to be copied into a shell holds nothing that a shell would act upon.
  const option = /^[0-9]+$/.test(version || "") ? ` --version-id ${version}` : "";
  const isDid = /^did:[a-z0-9]+:[A-Za-z0-9._:-]+$/.test(did);
  const command = isDid && `dzong did resolve ${did} --verify${option}`;
  title = `${title}: ${asked}`;
  return { title, facts, body: result.didDocument, command, answer: answer.text };
}

async function lookUpEvent(id) {
  const answer = await ask(`/v1/events/${id}`);
  if (!answer.ok) return { title: `No such event: ${id}`, facts: [["Answer", detail(answer)]] };
  const { index, height, event } = answer.body;
  const facts = [
    ["Kind", event.type],
    ["Author", event.author, `#${event.author}`],
    ["Block", height, `#${height}`],
    ["Entry of the log", index],
  ];
  const command = `dzong event receipt ${id} --verify`;
  return { title: `Event ${id}`, facts, body: event, command };
}

async function lookUpBlock(height) {
  const answer = await ask(`/v1/blocks/${height}`);
  if (!answer.ok) return { title: `No block ${height}`, facts: [["Answer", detail(answer)]] };
  const { header, events, certificate } = answer.body;
  const time = new Date(header.time).toISOString();
  const facts = [["Time", time], ["Votes", certificate.signatures.length]];
  facts.push(...events.slice(0, 200).map((id, at) => [`Event ${at + 1}`, id, `#${id}`]));
  return { title: `Block ${height}`, facts, body: header };
}

/** What an error answer says of itself. */
function detail(answer) {
  const { detail: text, title } = answer.body || {};
  return text || title || `status ${answer.status}`;
}

function showFound({ title, facts, body, command, answer }) {
  show("result-title", title);
  show("result-command", command || "dzong audit");
  $("result-facts").replaceChildren(...facts.flatMap(([name, value, link]) => {
    const place = link ? document.createElement("dd") : make("dd", value);
    if (link) place.append(make("a", value, { href: link }));
    return [make("dt", name), place];
  }));
  $("result-body").hidden = !body;
  show("result-body", body ? JSON.stringify(body, null, 2) : "");
  if (saved) URL.revokeObjectURL(saved);
  saved = answer ? URL.createObjectURL(new Blob([answer], { type: "application/json" })) : null;
  $("result-download").hidden = !saved;
  if (saved) {
    $("result-download").href = saved;
    $("result-download").download = "answer.json";
  }
  $("result").hidden = false;
  $("result-title").focus();
}

$("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const hash = `#${$("search").value.trim()}`;
  if (hash === location.hash) lookUp(); else location.hash = hash;
});
addEventListener("hashchange", lookUp);
setInterval(showAge, 500);
showValidators().catch(() => {}).finally(poll);
setInterval(() => showValidators().catch(() => {}), 60000);
lookUp();
