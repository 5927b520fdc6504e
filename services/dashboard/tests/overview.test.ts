import assert from "node:assert/strict";
import { test } from "node:test";

import { drawingOf } from "../components/overview/drawing";
import { mergeOverview } from "../components/overview/merge";
import { ageOfOld } from "../components/overview/old";
import { placeIn, spanOf } from "../components/overview/scale";
import { summaryOf, type Live } from "../lib/live";
import { registryOf } from "../lib/telemetry/registry";
import { SourceWindow } from "../lib/telemetry/window";
import type { Overview, TagSummary } from "../lib/types";
import { PaperReader } from "./paper-reader";

const NOW = 1_795_165_200_000;
const NO_LIMITS = { LL: null, L: null, H: null, HH: null };
const SELDOM = "SELDOM";

/** An hour of readings, each 10 s, of the tag `A`; what the source has besides is registered and did not come. */
async function liveHour(): Promise<Live> {
  const members = Array.from({ length: 361 }, (_, at): [number, string] => [
    NOW - 3_600_000 + at * 10_000,
    JSON.stringify({ A: at }),
  ]);
  const window = new SourceWindow("x", new PaperReader(members));
  await window.refresh(3_600_000);
  const registry = registryOf({ tags: { A: {}, [SELDOM]: { limits: { low: 1, high: 2 } } } });
  return {
    ...{ source: "x", window, registry, isOwnRegistry: true, verdict: null, judgedMs: null },
    ...{ readingsAway: null, verdictsAway: null },
  };
}

function tagWith(trend: unknown[], more: Partial<TagSummary> = {}): TagSummary {
  return {
    ...{ tag: "A", label: "A", description: "", unit: "", group: "", core: true, cadenceSeconds: 10 },
    ...{ value: null, at: null, limits: NO_LIMITS, alarmType: "OK", status: "Unknown" },
    trend: trend as TagSummary["trend"],
    ...more,
  };
}

function pathsOf(tag: TagSummary): string {
  const { limits, pen, tip } = drawingOf(tag, NOW);
  return [...limits, pen, tip ?? ""].join(" ");
}

test("a tag that came in no reading of the hour has no trend, and not one of nothings", async () => {
  const live = await liveHour();
  for (const large of [true, false]) {
    const summary = summaryOf(live, SELDOM, large);
    assert.deepEqual([summary.trend, summary.value, summary.at], [[], null, null]);
    assert.equal(pathsOf(summary).includes("NaN"), false);
    assert.deepEqual(drawingOf(summary, NOW).pen, "");
  }
  assert.equal(summaryOf(live, "A", true).trend.length, 121);
});

test("a tag that stays away goes on from its first value when it comes", async () => {
  const live = await liveHour();
  const before = { source: "x", readings: { at: new Date(NOW).toISOString() }, others: [] } as unknown as Overview;
  const held = { ...before, core: [summaryOf(live, SELDOM, true)] };
  const news = { ...before, core: [tagWith([[NOW + 10_000, 1.5]], { tag: SELDOM })] };
  assert.deepEqual(mergeOverview(held, news).core[0]?.trend, [[NOW + 10_000, 1.5]]);
});

test("nothing that a value may be makes a path that no browser draws", () => {
  const largest = Number.MAX_VALUE;
  const trends = [
    [],
    [[NOW, 0]],
    [[NOW, Number.MIN_VALUE]],
    [[NOW - 1, -largest], [NOW, largest]],
    [[NOW - 1, 1], [NOW, largest]],
    [[NOW, Infinity]],
    [[NOW - 2, NaN], [NOW - 1, undefined], [NOW, null]],
    [[NOW, 1], [NOW, 2]],
  ];
  const limits = [NO_LIMITS, { ...NO_LIMITS, L: 5, H: 5 }, { ...NO_LIMITS, H: largest }, { ...NO_LIMITS, L: 0 }];
  for (const trend of trends) {
    for (const each of limits) {
      const paths = pathsOf(tagWith(trend, { limits: each, value: 3, at: new Date(NOW + 1).toISOString() }));
      assert.match(paths, /^[MLHh0-9. -]*$/, JSON.stringify([trend, each]));
    }
  }
});

test("one value that is none leaves the others where they are", () => {
  const points = [[NOW - 20_000, 1], [NOW - 10_000, 3]];
  assert.equal(pathsOf(tagWith([...points, [NOW, NaN]])), pathsOf(tagWith(points)));
});

test("a value that came long before the newest reading says how long", () => {
  const read = (ageMs: number, cadenceSeconds = 10) =>
    ageOfOld(tagWith([], { value: 1, at: new Date(NOW - ageMs).toISOString(), cadenceSeconds }), NOW);
  assert.deepEqual([read(0), read(60_000), read(300_000)], [null, null, "5 min"]);
  assert.deepEqual([read(3_600_000, 3_600), read(7_260_000, 3_600)], [null, "2 h 1 min"]);
  assert.equal(ageOfOld(tagWith([]), NOW), null);
});

test("a place among the limits is a finite number", () => {
  const span = spanOf({ ...NO_LIMITS, L: 0, H: 100 }, []);
  assert.deepEqual(span, { from: -8, to: 108 });
  assert.equal(placeIn(span, 50), 0.5);
  assert.deepEqual([placeIn(span, Number.MAX_VALUE), placeIn(span, -Infinity)], [2, -1]);
});

test("a limit that is no number is none", () => {
  const written = { low: "5", high: null, high_high: 7, low_low: NaN };
  const limits = registryOf({ tags: { A: { limits: written } } }).tags.get("A")?.limits;
  assert.deepEqual(limits, { ...NO_LIMITS, HH: 7 });
});
