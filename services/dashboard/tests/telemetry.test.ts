import assert from "node:assert/strict";
import { test } from "node:test";

import { readingFreshness } from "../lib/freshness";
import vectors from "../lib/generated/vectors.json";
import { alarmOf, beyond } from "../lib/telemetry/alarm";
import { countedTimes } from "../lib/telemetry/counted";
import { residualModelIn } from "../lib/telemetry/model-archive";
import { builtInRegistry, factsOf, labelOf } from "../lib/telemetry/registry";
import { thinned } from "../lib/telemetry/thinning";
import { formatTime, parseTime } from "../lib/telemetry/times";
import { SourceWindow } from "../lib/telemetry/window";
import { PaperReader, reading } from "./paper-reader";

test("thinning keeps each span's smallest and largest value, at their own times", () => {
  const times = Array.from({ length: 100 }, (_, at) => at);
  const values = times.map((at) => (at === 37 ? 50 : at === 58 ? -50 : Math.sin(at)));
  const points = thinned(times, values, 0, 50);
  assert.equal(points.length, 4);
  assert.ok(points.some(([ms, value]) => ms === 37 && value === 50));
  assert.ok(points.some(([ms, value]) => ms === 58 && value === -50));
  assert.deepEqual(points.map(([ms]) => ms), points.map(([ms]) => ms).toSorted((one, other) => one - other));
  assert.deepEqual(thinned([1, 2, 3], [NaN, 7, NaN], 0, 10), [[2, 7]]);
  assert.deepEqual(thinned([1, 2, 3], [], 0, 10), []);
});

test("a window asks for what is new, and again for all when its count does not fit", async () => {
  const reader = new PaperReader(Array.from({ length: 2_500 }, (_, at) => reading(at * 10)));
  const window = new SourceWindow("x", reader);
  await window.refresh(30_000);
  assert.equal(window.times.length, 2_500);
  reader.asked = 0;
  reader.members.push(reading(25_000));
  await window.refresh(30_000);
  assert.deepEqual([reader.asked, window.newestMs], [1, 25_000]);
  reader.members.push(reading(15));
  await window.refresh(30_000);
  assert.deepEqual(window.times.slice(0, 4), [0, 10, 15, 20]);
});

test("a member that fits no count is not read again and again", async () => {
  const reader = new PaperReader([reading(10), reading(20)]);
  reader.count = async () => 3;
  const window = new SourceWindow("x", reader);
  await window.refresh(1_000);
  reader.asked = 0;
  await window.refresh(1_000);
  assert.equal(reader.asked, 0);
});

test("a thousand members of one time do not stop it", async () => {
  const reader = new PaperReader([...Array.from({ length: 1_500 }, (_, at): [number, string] => [10, `{"A": ${at}}`]), reading(20)]);
  const window = new SourceWindow("x", reader);
  await window.refresh(1_000);
  assert.deepEqual([window.times, window.columns.get("A")], [[10, 20], [0, 20]]);
});

test("a reading that comes while the others are read is no reason to read all anew", async () => {
  const reader = new PaperReader([reading(10), reading(20)]);
  const window = new SourceWindow("x", reader);
  await window.refresh(1_000);
  const { count } = reader;
  reader.count = async (...asked) => {
    reader.members.push(reading(reader.members.length * 10 + 10));
    return count.apply(reader, asked);
  };
  reader.asked = 0;
  await window.refresh(1_000);
  await window.refresh(1_000);
  assert.deepEqual([reader.asked, window.times], [1, [10, 20, 30]]);
});

test("whoever looks while all is read anew sees what was there before", async () => {
  const reader = new PaperReader([reading(10), reading(20)]);
  const window = new SourceWindow("x", reader);
  await window.refresh(1_000);
  const { page } = reader;
  let seen: readonly number[] = [];
  reader.page = async (...asked) => {
    seen = window.times;
    return page.apply(reader, asked);
  };
  await window.refresh(2_000);
  assert.deepEqual([seen, window.times], [[10, 20], [10, 20]]);
});

test("a window that fails goes on at the next poll", async () => {
  const reader = new PaperReader([reading(10)]);
  const window = new SourceWindow("x", reader);
  await window.refresh(1_000);
  const { newest } = reader;
  reader.newest = async () => Promise.reject(new Error("away"));
  await assert.rejects(window.refresh(1_000));
  assert.deepEqual(window.times, [10]);
  reader.newest = newest;
  reader.members.push(reading(20));
  await window.refresh(1_000);
  assert.deepEqual(window.times, [10, 20]);
});

test("what Python packed as counted is unpacked", () => {
  const [episode] = vectors[0]?.before.unresolved_anomalies as unknown as { counted: string; first_ms: number; occurrences: number }[];
  const times = countedTimes(episode?.counted ?? "");
  assert.deepEqual([times.length, times[0]], [episode?.occurrences, episode?.first_ms]);
  assert.deepEqual([countedTimes(""), countedTimes("no such thing")], [[], []]);
});

test("limits are passed, not reached", () => {
  const limits = { LL: 1, L: 2, H: 3, HH: 4 };
  const said = [0, 1, 1.5, 2, 3, 3.5, 4, 5].map((value) => beyond(value, limits));
  assert.deepEqual(said, ["Low-Low", "Low", "Low", "OK", "OK", "High", "High", "High-High"]);
  assert.deepEqual(alarmOf("A", 5, limits, null), { alarmType: "High-High", status: "Unknown" });
});

test("tags have names for people, and strange ones keep theirs", () => {
  assert.equal(labelOf("HASA-4_TUBING_PRESSURE"), "HASA-4 tubing pressure");
  assert.equal(labelOf("CO2_FLOW_RATE"), "CO2 flow rate");
  assert.equal(labelOf("<b>x</b>"), "<b>x</b>");
  assert.equal(builtInRegistry.tags.size, 100);
  assert.equal(factsOf(builtInRegistry, "constructor").unit, "");
});

test("what is no model is none", () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from("PK\x05\x06"), Buffer.alloc(100, 1)]) {
    assert.equal(residualModelIn(bytes), null);
  }
});

test("times are written as Python writes them, and read with and without an offset", () => {
  assert.equal(formatTime(1795165200123), "2026-11-20T09:00:00.123000Z");
  for (const text of ["2026-11-20T09:00:00.000000Z", "2026-11-20T10:00:00+01:00", "2026-11-20T09:00:00"]) {
    assert.equal(parseTime(text), 1795165200000);
  }
});

test("readings are live while they come, stale when they stop", () => {
  const now = 1_000_000_000;
  assert.equal(readingFreshness(now - 50_000, 10, now, null).state, "live");
  assert.equal(readingFreshness(now - 70_000, 10, now, null).state, "stale");
  assert.equal(readingFreshness(now - 3_000_000, 3_600, now, null).state, "live");
  assert.equal(readingFreshness(null, 10, now, null).state, "stale");
});
