import "server-only";

/** Which build this process runs. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { once } from "./stores/once";

/**
 * The digest that stands beside the server; empty where nobody wrote one, as in development. Read once when the
 * server starts: a new build may be unpacked into this folder while the old one still answers.
 */
export function runningBuild(): string {
  return once("build", () => buildIn(join(/* turbopackIgnore: true */ process.cwd(), "build.json")));
}

export function buildIn(file: string): string {
  try {
    const { digest } = JSON.parse(readFileSync(file, "utf8")) as { digest?: unknown };
    return typeof digest === "string" ? digest : "";
  } catch {
    return "";
  }
}
