/** What goes wrong in this library has one of these classes, and a message that says what to do. */

/** The ancestor of all of them; `code` is stable, so programs may decide by it. */
export class DzongError extends Error {
  override readonly name: string = "DzongError";
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A value that has not the form that it must have: a key, a DID, a member, a length. */
export class FormatError extends DzongError {
  override readonly name = "FormatError";

  constructor(message: string) {
    super("format", message);
  }
}

/** A text that is not JSON of the ledger's profile. */
export class JsonError extends DzongError {
  override readonly name = "JsonError";
  /** The JSON pointer of the value in which it was found; empty for the outermost. */
  readonly place: string;

  constructor(code: JsonCode, place: string) {
    super(code, `${ADVICE[code]} at ${place === "" ? "the top" : place}`);
    this.place = place;
  }
}

/** What can be wrong with a text. */
export type JsonCode = keyof typeof ADVICE;

const ADVICE = {
  "syntax": "this is not json: correct the text",
  "duplicate-member": "a member name stands twice: remove one",
  "not-canonical": "this is json but not canonical: write it by rfc 8785",
  "number-range": "an integer is beyond 2^53-1 or minus zero: write it as a string",
  "float": "a number has a fraction or an exponent: write a plain integer",
  "depth": "arrays and objects nest too deep: at most 32 levels",
  "size": "the text is too long: shorten it",
  "utf8": "the text is not utf-8: encode it so",
  "lone-surrogate": "a string holds half a surrogate pair: write the character",
  "nul": "a string holds u+0000: remove it",
  "not-json": "the value has no json form: use null, booleans, integers, strings, lists and maps",
} as const;

/** The members of a problem report (RFC 9457), as a node writes it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}

/** A node answered with an error. `code` is the end of the problem's `type`. */
export class ProblemError extends DzongError {
  override readonly name = "ProblemError";
  readonly problem: Problem;
  /** After how many seconds trying again makes sense, where the node says so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    const code = problem.type.split(/[:#]/).at(-1) ?? problem.type;
    super(code, `${problem.title}: ${problem.detail} (HTTP ${problem.status})`);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** No answer came: the node is not there, too slow, sends too much, or speaks otherwise. */
export class TransportError extends DzongError {
  override readonly name = "TransportError";

  constructor(
    code: "unreachable" | "timeout" | "too-large" | "not-an-answer",
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** An answer came, but nothing proves it to this client. `code` is the verdict. */
export class UnverifiedError extends DzongError {
  override readonly name = "UnverifiedError";

  constructor(verdict: "stale" | "untrusted" | "invalid", why: string) {
    super(verdict, `the answer is ${verdict}: ${why}`);
  }
}
