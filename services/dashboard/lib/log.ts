/** Logs: one JSON object a line on stdout, as the other services write theirs. */

import { environmentName } from "./settings";

type Level = "info" | "warning" | "error";

const SECRET = /(password|accountkey|sharedaccesskey|token|secret)\s*[=:]\s*[^\s,;"']+/gi;
const IN_ADDRESS = /(\w+:\/\/)[^\s/@]*@/g;

/** One line; `fields` are shown beside the message. What looks like a credential is taken out. */
export function log(level: Level, message: string, fields: Record<string, string | number> = {}): void {
  process.stdout.write(lineOf(level, message, fields, new Date(), environmentName(process.env)) + "\n");
}

export function lineOf(
  level: Level,
  message: string,
  fields: Record<string, string | number>,
  now: Date,
  environment: string,
): string {
  const shown = Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? clean(value) : value]);
  return JSON.stringify({
    timestamp: now.toISOString().replace("Z", "000Z"),
    level: level.toUpperCase(),
    service: "dashboard",
    environment,
    message: clean(message),
    ...Object.fromEntries(shown),
  });
}

function clean(text: string): string {
  return text.replace(SECRET, "$1=***").replace(IN_ADDRESS, "$1***@");
}
