import "server-only";

/** One action of an operator: its words are checked, then it is done as the CLI would, and answered. */

import { DashboardError, invalid, reasonOf } from "../errors";
import { log, said, saying } from "../log";
import { whyNobodyActs } from "../operator";
import { forgetRemembered } from "../stores/remembered";
import { once } from "../stores/once";
import { episodeContainers } from "../stores/episodes";
import * as triage from "../triage";
import type { ActionName, ActionResult } from "../types";
import { revisionOf, summaryOf } from "./summary";

const ID = /^[a-z0-9-]{1,150}$/;
const MOST_VALUES = 1_000;
const LONGEST_TAG = 200;

/** What came over the wire: its form is what a stranger chose. */
export async function act(action: ActionName, request: unknown, operator: string | null): Promise<ActionResult> {
  const id = (request as { anomalyId?: unknown } | null | undefined)?.anomalyId;
  const about = { action, ...(operator ? { by: operator } : {}), ...(typeof id === "string" && ID.test(id) ? { anomaly_id: id } : {}) };
  return saying(about, () => acted(action, request, operator));
}

async function acted(action: ActionName, request: unknown, operator: string | null): Promise<ActionResult> {
  try {
    if (!operator) throw new DashboardError("signed-out", whyNobodyActs(), "Use: anomalyctl anomalies");
    const said = objectIn(request);
    const target: triage.Act = { anomalyId: anomalyIdIn(said), by: operator, nowMs: Date.now() };
    const seen = revisionOf(textIn(said, "etag"));
    if (Number.isNaN(seen)) throw invalid("etag", "etag is not one of ours.", "Load the page again.");
    if (seen !== undefined) target.seenRevision = seen;
    const { document, changed } = await carryOut(action, target, said);
    lastAction().at = Date.now();
    for (const kept of ["episode", "open episodes"]) forgetRemembered(kept);
    log("info", `${action} ${document.anomaly_id}: ${changed ? "done" : "it was like this already"}`, { reading_id: document.reading.id });
    return { ok: true, episode: summaryOf(document, Date.now()), changed };
  } catch (error) {
    if (error instanceof DashboardError) {
      // What was remembered is what the loser saw: whoever loads it now shall see what the winner did.
      if (error.code === "conflict") forgetRemembered("episode");
      log("warning", `${action} refused: ${error.message}`, { code: error.code });
      return refusalOf(error);
    }
    log("error", `${action} failed: ${reasonOf(error)}`);
    const hint = `Look at the timeline, then try again. See: anomalyctl logs dashboard --trace ${said("trace_id")}`;
    return refusalOf(new DashboardError("away", "It is not known whether this was done.", hint));
  }
}

/** When somebody last acted here: what was counted before that is out of date. */
export function lastAction(): { at: number } {
  return once("last action", () => ({ at: 0 }));
}

export function refusalOf(error: DashboardError): ActionResult {
  const { code, message, hint, field } = error;
  return { ok: false, code, message, hint, ...(field === undefined ? {} : { field }) };
}

function carryOut(action: ActionName, target: triage.Act, said: Record<string, unknown>) {
  switch (action) {
    case "assign":
      return triage.assign(episodeContainers, target, { to: textIn(said, "to") });
    case "resolve":
      return triage.resolve(episodeContainers, target, { notes: textIn(said, "notes") });
    case "reopen":
      return triage.reopen(episodeContainers, target, { reason: textIn(said, "reason") });
    case "modify":
      return triage.modify(episodeContainers, target, { values: valuesIn(said), reason: textIn(said, "reason") });
  }
}

function objectIn(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("request", "This is no request.");
  return value as Record<string, unknown>;
}

function textIn(said: Record<string, unknown>, name: string): string {
  const text = Object.hasOwn(said, name) ? said[name] : "";
  if (typeof text !== "string") throw invalid(name, `${name} must be text.`);
  if (text.includes("\0")) throw invalid(name, `${name} holds a character that cannot be kept.`);
  // JSON on the other side refuses halves of characters.
  return text.toWellFormed?.() ?? text;
}

function anomalyIdIn(said: Record<string, unknown>): string {
  const id = textIn(said, "anomalyId");
  if (!ID.test(id)) throw invalid("anomalyId", "anomalyId is not an anomaly's id.");
  return id;
}

function valuesIn(said: Record<string, unknown>): Record<string, number> {
  const values = Object.entries(objectIn(said.values ?? {}));
  if (values.length > MOST_VALUES) throw invalid("values", `At most ${MOST_VALUES} values can be set at once.`);
  for (const [tag, value] of values) {
    if (tag.length > LONGEST_TAG) throw invalid("values", "A tag's name is too long.");
    if (typeof value !== "number" || !Number.isFinite(value)) throw invalid(tag, `${tag}: this is not a finite number.`);
  }
  return Object.fromEntries(values) as Record<string, number>;
}
