/** What can go wrong, in the codes that the screens know; the message is one line, the hint the next step. */

import type { RefusalCode } from "./types";

export class DashboardError extends Error {
  static readonly kind: string = "DashboardError";
  readonly kinds: readonly string[] = ["DashboardError"];

  /**
   * Known by its mark, not by its class: Next.js bundles pages and routes apart, each with a copy of this file,
   * while they share connections, whose errors are of the copy that opened them.
   */
  static override [Symbol.hasInstance](this: { kind: string }, value: unknown): boolean {
    const kinds = (value as { kinds?: unknown } | null | undefined)?.kinds;
    return Array.isArray(kinds) && kinds.includes(this.kind);
  }

  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly hint = "",
    readonly field?: string,
  ) {
    super(message);
    this.name = "DashboardError";
  }
}

/** A store that does not answer; `reason` is shown beside the last data. */
export class StoreAway extends DashboardError {
  static override readonly kind = "StoreAway";
  override readonly kinds = ["DashboardError", "StoreAway"];

  constructor(
    readonly part: "redis" | "cosmos",
    readonly reason: string,
  ) {
    super("away", reason, "What is shown stays as it was; the dashboard goes on trying.");
    this.name = "StoreAway";
  }
}

export function invalid(field: string, message: string, hint = ""): DashboardError {
  return new DashboardError("invalid", message, hint, field);
}

/** The reason of a failure in one line; never a stack. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n", 1)[0] ?? "unknown";
}
