// The WebAssembly verifier as functions from texts to objects, for the page and for Node.js.
// Plain JavaScript, so that both load this very file.

/**
 * @typedef {{verdict: 'valid', height: number, time: number}
 *   | {verdict: 'stale', height: number, time: number, why: string}
 *   | {verdict: 'untrusted' | 'invalid', why: string}} Verdict
 *
 * @typedef {{genesis: string, height: number, time: number, parent: string, proposer: string,
 *   logSize: number, logRoot: string, stateRoot: string, validators: string,
 *   nextValidators: string, parameters: string}} Header
 *
 * @typedef {{genesis: string, network: string, height: number, time: number,
 *   validators: {key: string, power: number}[], trustPeriodSeconds: number}} Trust
 *
 * @typedef {{record: string} | {event: string} |
 *   {resolution: {did: string, versionId?: string, versionTime?: string}} |
 *   {status: {part: 'registry' | 'statuses', registry: string, version?: number}}} Question
 */

const slots = {trusted: 0, text: 1, asked: 2};
const anyAge = 2n ** 64n - 1n;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Verifier {
  /** @param {WebAssembly.Module} module */
  constructor(module) {
    this.module = module;
    this.exports = /** @type {any} */ (new WebAssembly.Instance(module).exports);
  }

  /**
   * What a genesis document or a checkpoint gives its holder to trust.
   * @param {string} document @returns {Trust | {error: string}}
   */
  trust(document) {
    return this.#call({trusted: document}, exports => exports.trust());
  }

  /**
   * The verdict on an answer. Without a question, whatever it answers; without an age, any.
   * @param {{trusted: string, answer: string | Uint8Array, asked?: Question, now: number,
   *   maxAge?: number | null}} input
   * @returns {Verdict}
   */
  verify({trusted, answer, asked, now, maxAge}) {
    const age = maxAge == null ? anyAge : BigInt(maxAge);
    const question = asked ? JSON.stringify(asked) : '';
    return this.#call({trusted, text: answer, asked: question}, exports =>
      exports.verify(BigInt(now), age)
    );
  }

  /**
   * The verdict on a trust chain, and the checkpoint where a valid one leads.
   * @param {{trusted: string, chain: string, now: number}} input
   * @returns {Verdict & {checkpoint?: Trust}}
   */
  follow({trusted, chain, now}) {
    return this.#call({trusted, text: chain}, exports => exports.follow(BigInt(now)));
  }

  /**
   * The verdict on a block as a node serves it, and its header as it was certified.
   * @param {{trusted: string, block: string, now: number}} input
   * @returns {Verdict & {id?: string, header?: Header}}
   */
  block({trusted, block, now}) {
    return this.#call({trusted, text: block}, exports => exports.block(BigInt(now)));
  }

  /**
   * Which signatures of the event in a receipt hold, in the order of its proofs.
   * @param {string} receipt @returns {{signatures: boolean[]} | {error: string}}
   */
  signatures(receipt) {
    return this.#call({text: receipt}, exports => exports.signatures());
  }

  /**
   * @param {Partial<Record<keyof typeof slots, string | Uint8Array>>} texts
   * @param {(exports: any) => number} call
   */
  #call(texts, call) {
    try {
      for (const [name, text] of Object.entries(texts)) {
        this.#put(slots[/** @type {keyof typeof slots} */ (name)], text);
      }
      const length = call(this.exports) >>> 0;
      const bytes = new Uint8Array(this.exports.memory.buffer, this.exports.result() >>> 0, length);
      return JSON.parse(decoder.decode(bytes));
    } catch (error) {
      // An instance that stopped in the middle is not used again. A doubt is never a yes.
      this.exports = new WebAssembly.Instance(this.module).exports;
      const why = `the verifier stopped: ${error instanceof Error ? error.message : error}`;
      return {verdict: 'invalid', why, error: why};
    }
  }

  /** @param {number} slot @param {string | Uint8Array} text */
  #put(slot, text) {
    const bytes = typeof text === 'string' ? encoder.encode(text) : text;
    const place = this.exports.room(slot, bytes.length) >>> 0;
    if (place === 0 && bytes.length > 0) throw new Error('the text is too long');
    new Uint8Array(this.exports.memory.buffer).set(bytes, place);
  }
}
