/** How a judgement ends where the answer is not simply valid. */

import { DzongError } from "./errors.js";

/** Every verdict but `valid`. */
export type Refusal =
  | {
    /** Proven, but older than is allowed or than what is known. */
    readonly verdict: "stale";
    readonly height: number;
    readonly time: number;
    readonly why: string;
  }
  | {
    /** Whole, but not under what is trusted; or broken. */
    readonly verdict: "untrusted" | "invalid";
    readonly why: string;
  };

/** Thrown for what is whole but foreign, or past its time. */
export class Untrusted extends Error {}

/** Thrown for what is proven but old. */
export class Stale extends Error {
  constructor(readonly height: number, readonly time: number, why: string) {
    super(why);
  }
}

/** What a judgement returns, or the verdict that its first refusal means. */
export function decide<T>(judge: () => T): T | Refusal {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Stale) {
      return { verdict: "stale", height: error.height, time: error.time, why: error.message };
    }
    if (error instanceof Untrusted) return { verdict: "untrusted", why: error.message };
    if (error instanceof DzongError) return { verdict: "invalid", why: error.message };
    // Anything else is a mistake of this library's, which no verdict may hide.
    throw error;
  }
}
