/** Times as events and metadata write them: `YYYY-MM-DDThh:mm:ssZ`, UTC, whole seconds. */

import { FormatError } from "./errors.js";

/** The last second of the year 9999, the last that has a text. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59);

/** The text of a moment in milliseconds since 1970, rounded down to its second. */
export function formatTime(milliseconds: number): string {
  return `${new Date(Math.min(milliseconds, LAST)).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since 1970 of a time's text. Other spellings and other calendars are refused. */
export function parseTime(text: string): number {
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
  // The 31st of a short month is read as the next one's, so the text is written back.
  if (!(moment >= 0) || formatTime(moment) !== text) {
    throw new FormatError(`\`${text}\` is no time: write it as 2026-12-31T23:59:59Z`);
  }
  return moment;
}

/** Whether a text is a time. */
export function isTime(text: string): boolean {
  try {
    parseTime(text);
    return true;
  } catch {
    return false;
  }
}
