/** How a judgement ends where something is not as it must be. */

import { DzongError } from "./errors.js";

/** Whole, but not under what is trusted; or broken. */
export interface Refused {
  readonly verdict: "untrusted" | "invalid";
  readonly why: string;
}

/** Thrown for what is whole but foreign, or past its time. */
export class Untrusted extends Error {}

/** What a judgement returns, or the verdict that its first refusal means. */
export function decide<T>(judge: () => T): T | Refused {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Untrusted) return { verdict: "untrusted", why: error.message };
    if (error instanceof DzongError) return { verdict: "invalid", why: error.message };
    // Anything else is a mistake of this library's, which no verdict may hide.
    throw error;
  }
}
