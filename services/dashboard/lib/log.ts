/**
 * Logs: one JSON object a line on stdout, as the other services write theirs. The finished build starts with this
 * file alone, before Next.js says its first word: it imports nothing of ours.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";

type Level = "info" | "warning" | "error";
export type LogFields = Record<string, string | number>;

const LONGEST_FIELD = 4_000;
const SECRET = /(password|accountkey|sharedaccesskey|token|secret)\s*[=:]\s*[^\s,;"']+/gi;
const IN_ADDRESS = /(\w+:\/\/)[^\s/@]*@/g;
const COLOURS = /\x1b\[[0-9;]*[A-Za-z]/g;
/** What Next.js begins its lines with. */
const SIGN = /^\s*[▲⚠⨯✓○-]\s*/u;

/** One for all copies of this file: Next.js bundles pages and routes apart. */
const about = ((globalThis as Record<symbol, unknown>)[Symbol.for("anomalyctl.dashboard.about")] ??=
  new AsyncLocalStorage<LogFields>()) as AsyncLocalStorage<LogFields>;

/** Whatever is logged while `work` lasts also says `fields`, beside those that held already. */
export function saying<T>(fields: LogFields, work: () => T): T {
  return about.run({ ...about.getStore(), ...fields }, work);
}

/** What outlives the request that began it is not said to be of that request. */
export function sayingNothing<T>(work: () => T): T {
  return about.run({}, work);
}

/** What is said of the work that goes on now. */
export function said(name: string): string | number | undefined {
  return about.getStore()?.[name];
}

/** One line; `fields` are shown beside the message. What looks like a credential is taken out. */
export function log(level: Level, message: string, fields: LogFields = {}): void {
  const environment = (process.env.ANOMALYCTL_ENV || "local").trim();
  process.stdout.write(lineOf(level, message, { ...about.getStore(), ...fields }, new Date(), environment) + "\n");
}

export function lineOf(level: Level, message: string, fields: LogFields, now: Date, environment: string): string {
  const shown = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? clean(value.slice(0, LONGEST_FIELD)) : value,
  ]);
  return JSON.stringify({
    timestamp: now.toISOString().replace("Z", "000Z"),
    level,
    service: "dashboard",
    environment,
    ...Object.fromEntries(shown),
    message: clean(message),
  });
}

/** From then on whatever Next.js and Node print is such a line as well; what says nothing is left out. */
export function logConsole(): void {
  const as =
    (level: Level) =>
    (...words: unknown[]) => {
      const [first = "", ...rest] = format(...words).replaceAll(COLOURS, "").replace(SIGN, "").trim().split("\n");
      if (first) log(level, first, rest.length ? { trace: rest.join("\n") } : {});
    };
  console.log = console.info = console.debug = as("info");
  console.warn = as("warning");
  console.error = console.trace = as("error");
  process.removeAllListeners("warning").on("warning", (warning) => log("warning", `${warning.name}: ${warning.message}`));
}

function clean(text: string): string {
  return text.replace(SECRET, "$1=***").replace(IN_ADDRESS, "$1***@");
}
