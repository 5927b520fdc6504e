/** What is wrong with what was typed, in one sentence; empty where nothing is. The server says the same. */

import { TEXT_LIMIT } from "@/lib/generated/types";

/** Of notes, a reason or a name. */
export function problemOfText(text: string): string {
  const length = [...text.trim()].length;
  if (length === 0) return "Say something here first.";
  return lengthProblem(text);
}

/** Shown while it is typed: a paste that is cut without a word would be read as the whole. */
export function lengthProblem(text: string): string {
  const length = [...text.trim()].length;
  if (length <= TEXT_LIMIT) return "";
  return `These are ${length.toLocaleString("en")} characters; ${TEXT_LIMIT.toLocaleString("en")} are allowed.`;
}

/** Whether the command would read the same number: no `0x10`, no `1_000`, no comma. */
export function isNumber(text: string): boolean {
  return DECIMAL.test(text.trim()) && Number.isFinite(Number(text));
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
