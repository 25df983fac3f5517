/** HTTP to one node: with a time limit, a size limit, and errors that say what the node said. */

import { ProblemError, TransportError, type Problem } from "./errors.js";
import { isObject, parse, type Json } from "./json.js";

/** Limits of a connection. */
export interface Limits {
  /** How long a request may take, in milliseconds; 30 s without it. */
  readonly timeout?: number | undefined;
  /** The most bytes of an answer; 16 MiB without it. */
  readonly maxBytes?: number | undefined;
  /** What makes requests; the platform's `fetch` without it. */
  readonly fetch?: typeof fetch | undefined;
}

/** An answer, with its body read. */
export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Requests to one node. */
export class Http {
  readonly #base: URL;
  readonly #timeout: number;
  readonly #maxBytes: number;
  readonly #fetch: typeof fetch;

  constructor(url: string, { timeout, maxBytes, fetch }: Limits = {}) {
    this.#base = new URL(url.endsWith("/") ? url : `${url}/`);
    this.#timeout = timeout ?? 30_000;
    this.#maxBytes = maxBytes ?? 16 * 1024 * 1024;
    this.#fetch = fetch ?? globalThis.fetch.bind(globalThis);
  }

  /**
   * The answer to a request. A status outside `accept` is an error.
   *
   * @param path relative to the node's address, without a slash at the front
   */
  async request(
    path: string,
    accept: readonly number[],
    init: RequestInit = {},
  ): Promise<Reply> {
    const url = new URL(path, this.#base);
    const signal = AbortSignal.timeout(this.#timeout);
    try {
      const response = await this.#fetch(url, { ...init, signal });
      const body = await this.#counted(response).arrayBuffer();
      const reply = { status: response.status, body: new Uint8Array(body) };
      if (accept.includes(reply.status)) return reply;
      throw problemOf(reply, response.headers.get("retry-after"));
    } catch (error) {
      if (error instanceof ProblemError || error instanceof TransportError) throw error;
      const cause = { cause: error };
      if (signal.aborted) {
        const message = `${url.origin} did not answer within ${this.#timeout} ms: try another node`;
        throw new TransportError("timeout", message, cause);
      }
      const message = `${url.origin} cannot be reached: check the address, or try another node`;
      throw new TransportError("unreachable", message, cause);
    }
  }

  /** The body through a counter, so that one that is too large is never held. */
  #counted(response: Response): Response {
    let left = this.#maxBytes;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        left -= chunk.length;
        if (left >= 0) return controller.enqueue(chunk);
        const message = `the answer has more than ${this.#maxBytes} bytes`;
        controller.error(new TransportError("too-large", message));
      },
    });
    return new Response(response.body?.pipeThrough(counter) ?? null);
  }
}

/** The error that an answer means which is not the one that was asked for. */
export function problemOf({ status, body }: Reply, retryAfter: string | null = null): Error {
  const value = readJson(body);
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
  if (isObject(value)) {
    const { type, title, detail } = value;
    if (typeof type === "string" && typeof title === "string") {
      const problem: Problem = { type, title, status, detail: String(detail ?? "no detail") };
      return new ProblemError(problem, seconds);
    }
    const metadata = value["didResolutionMetadata"] ?? value["dereferencingMetadata"];
    const error = isObject(metadata) ? metadata["error"] : undefined;
    if (isObject(error)) {
      const problem = { type: String(error["type"]), title: String(error["title"]), status };
      const said = String(error["detail"] ?? "the DID was not resolved");
      return new ProblemError({ ...problem, detail: said }, seconds);
    }
  }
  const message = `the node answered with HTTP ${status} and no reason: is this its address?`;
  return new TransportError("not-an-answer", message);
}

/** Whether an answer is a problem report, which is proven by nothing. */
export function isProblem({ body }: Reply): boolean {
  const value = readJson(body);
  return isObject(value) && String(value["type"]).startsWith("urn:dzong:problem:")
    && !Object.hasOwn(value, "proof");
}

/** The JSON of a body that may be anything. */
function readJson(body: Uint8Array): Json | undefined {
  try {
    return parse(body);
  } catch {
    return undefined;
  }
}
