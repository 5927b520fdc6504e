import assert from "node:assert/strict";
import { test } from "node:test";

import { DashboardError } from "../lib/errors";
import type { EpisodeDocument } from "../lib/generated/types";
import vectors from "../lib/generated/vectors.json";
import * as triage from "../lib/triage";
import { lastAction } from "../lib/triage/finding";
import { allowed } from "../lib/triage/transitions";
import { PaperContainers, type Documents } from "./paper-containers";

interface Vector {
  name: string;
  before: Documents;
  after: Documents;
  anomaly_id: string;
  action: "assign" | "resolve" | "reopen" | "modify";
  arguments: never;
  by: string;
  now_ms: number;
  operation: string;
  refusal?: { code: string; message: string; field: string | null };
  outcome?: Record<string, unknown>;
}

const CODES: Record<string, string> = {
  lost_race: "conflict",
  precondition_failed: "refused",
  invalid_input: "invalid",
  not_found: "not-found",
};
const all = vectors as unknown as Vector[];
const named = (name: string) => all.find((vector) => vector.name === name) as Vector;
const actOf = (vector: Vector) => ({
  anomalyId: vector.anomaly_id,
  by: vector.by,
  nowMs: vector.now_ms,
  operation: vector.operation,
});

for (const vector of all) {
  test(`as Python does it: ${vector.name}`, async () => {
    const containers = new PaperContainers(vector.before);
    const done = triage[vector.action](containers, actOf(vector), vector.arguments);
    if (vector.refusal) {
      const { code, message, field } = vector.refusal;
      await assert.rejects(done, (error: unknown) => {
        assert.ok(error instanceof DashboardError);
        assert.deepEqual([error.code, error.message, error.field ?? null], [CODES[code], message, field]);
        return true;
      });
    } else {
      const { document, changed } = await done;
      const last = lastAction(document);
      assert.deepEqual(
        {
          status: document.status,
          revision: document.revision,
          changed,
          assigned_to: document.assigned_to,
          by: last?.by,
          at: last?.at,
        },
        vector.outcome,
      );
    }
    assert.deepEqual(containers.documents(Object.keys(vector.after)), vector.after);
  });
}

test("there are vectors of each action, done and refused", () => {
  for (const action of ["assign", "resolve", "reopen", "modify"]) {
    const those = all.filter((vector) => vector.action === action);
    assert.ok(those.some((vector) => vector.outcome?.changed) && those.some((vector) => vector.refusal), action);
  }
});

test("an operator who looked at an older episode is told who changed it", async () => {
  const vector = named("assign anew");
  const containers = new PaperContainers(vector.before);
  await assert.rejects(
    triage.assign(containers, { ...actOf(vector), by: "dora", seenRevision: 0 }, { to: "dora" }),
    (error: unknown) => error instanceof DashboardError && error.code === "conflict" && /assigned by anna/.test(error.message),
  );
});

test("an occurrence that the pipeline counts meanwhile is no conflict", async () => {
  const vector = named("resolve");
  const containers = new PaperContainers(vector.before);
  const [document] = vector.before.unresolved_anomalies as EpisodeDocument[];
  let times = 3;
  containers.disturb = () => {
    if (times-- > 0) containers.put("unresolved_anomalies", { ...(document as EpisodeDocument), occurrences: 9 - times });
  };
  const { document: after } = await triage.resolve(containers, { ...actOf(vector), seenRevision: 0 }, { notes: "x" });
  assert.deepEqual([after.status, after.occurrences], ["resolved", 9]);
});

test("one of two who resolve at once wins, and the other is told", async () => {
  const vector = named("resolve");
  const containers = new PaperContainers(vector.before);
  const act = (by: string) =>
    triage.resolve(containers, { anomalyId: vector.anomaly_id, by, nowMs: vector.now_ms }, { notes: by });
  const ends = await Promise.allSettled([act("anna"), act("bert")]);
  assert.deepEqual(ends.map((end) => end.status).sort(), ["fulfilled", "rejected"]);
});

test("the names of an object's own workings are no tags", async () => {
  const vector = named("modify");
  const containers = new PaperContainers(vector.before);
  for (const tag of ["__proto__", "constructor", "toString"]) {
    const values = JSON.parse(`{"${tag}": 1}`) as Record<string, number>;
    await assert.rejects(
      triage.modify(containers, actOf(vector), { values, reason: "x" }),
      (error: unknown) => error instanceof DashboardError && error.code === "invalid",
    );
  }
});

test("what may be done follows from the state", () => {
  assert.deepEqual(allowed("open"), ["assign", "modify", "resolve"]);
  assert.deepEqual(allowed("resolved"), ["reopen"]);
});
