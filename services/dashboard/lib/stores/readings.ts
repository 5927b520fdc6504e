import "server-only";

/** What is read from Redis, with commands that Redis 6.0 knows. */

import { registryOf, builtInRegistry, type Registry } from "../telemetry/registry";
import { SourceWindow, type WindowReader } from "../telemetry/window";
import { once } from "./once";
import { redis, type Lane } from "./redis";

const MOST_WINDOWS = 16;

/** The window of a source, kept from one poll to the next; the one not asked for longest goes first. */
export function windowOf(source: string): SourceWindow {
  const windows = once("windows", () => new Map<string, SourceWindow>());
  const found = windows.get(source) ?? new SourceWindow(source, reader("long"));
  windows.delete(source);
  windows.set(source, found);
  if (windows.size > MOST_WINDOWS) windows.delete(windows.keys().next().value as string);
  return found;
}

/** Sources that sent something within the retention, in alphabetical order. */
export async function listSources(): Promise<string[]> {
  const prefix = windowKey("");
  const found = new Set<string>();
  let cursor = "0";
  do {
    const answer = await redis((client) => client.scan(cursor, { MATCH: `${prefix}*`, COUNT: 1000 }));
    cursor = String(answer.cursor);
    for (const key of answer.keys) found.add(key.slice(prefix.length));
  } while (cursor !== "0");
  return [...found].sort();
}

export interface KnownRegistry {
  registry: Registry;
  isOwn: boolean;
}

/** The source's own registry, or the built-in one; also where its own cannot be read. */
export async function loadRegistry(source: string): Promise<KnownRegistry> {
  const text = await redis((client) => client.get(`telemetry:tags:${source}`));
  if (text !== null) {
    try {
      return { registry: registryOf(JSON.parse(text) as object), isOwn: true };
    } catch {
      // The pipeline refuses it as well; what is built in is better than nothing.
    }
  }
  return { registry: builtInRegistry, isOwn: false };
}

export interface DashboardCache {
  openEpisodes: Record<string, unknown>[];
  counts: Record<string, number>;
  updatedAt: string;
}

/** What the function `update_dashboard_cache` wrote last; null before the first time. */
export async function readDashboardCache(): Promise<DashboardCache | null> {
  const names = ["open_episodes", "open_counts", "updated_at"].map((name) => `dashboard:${name}`);
  const [episodes, counts, updatedAt] = await redis((client) => client.mGet(names));
  if (!episodes || !counts || !updatedAt) return null;
  return {
    openEpisodes: JSON.parse(episodes) as Record<string, unknown>[],
    counts: JSON.parse(counts) as Record<string, number>,
    updatedAt: JSON.parse(updatedAt) as string,
  };
}

/** Names of what the functions leave alone at the moment, since it failed. */
export async function openBreakers(nowMs: number): Promise<string[]> {
  const written = await redis((client) => client.hVals("resilience:breakers"));
  const states = written.map((text) => JSON.parse(text) as { name: string; state: string; until_ms: number });
  return [...new Set(states.filter((each) => each.state === "open" && each.until_ms > nowMs).map((each) => each.name))];
}

/** The fitted model's archive; null before the first fit. */
export async function readModel(source: string): Promise<{ version: string; data: Buffer } | null> {
  const key = `detection:model:${source}`;
  const version = await redis((client) => client.hGet(key, "version"));
  if (!version) return null;
  const data = await redis((client) => client.withTypeMapping({ 36: Buffer }).hGet(key, "data"), "long");
  return data ? { version, data: data as unknown as Buffer } : null;
}

export async function readModelVersion(source: string): Promise<string | null> {
  return (await redis((client) => client.hGet(`detection:model:${source}`, "version"))) ?? null;
}

export async function ping(): Promise<void> {
  await redis((client) => client.ping());
}

function reader(lane: Lane): WindowReader {
  return {
    async newest(source) {
      const answer = await redis((client) => client.sendCommand(["ZREVRANGE", windowKey(source), "0", "0", "WITHSCORES"]));
      const score = (answer as unknown as string[])[1];
      return score === undefined ? null : Number(score);
    },
    async count(source, fromMs, toMs) {
      return redis((client) => client.zCount(windowKey(source), fromMs, toMs));
    },
    async page(source, fromMs, included, limit) {
      const from = included ? String(fromMs) : `(${fromMs}`;
      const rows = await redis(
        (client) =>
          client.zRangeByScoreWithScores(windowKey(source), from, "+inf", { LIMIT: { offset: 0, count: limit } }),
        lane,
      );
      return rows.map((row) => [row.score, row.value]);
    },
  };
}

function windowKey(source: string): string {
  return `telemetry:window:${source}`;
}
