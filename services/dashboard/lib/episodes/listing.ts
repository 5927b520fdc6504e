import "server-only";

/** One page of episodes: filtered by the database, merged, sorted and cut here. */

import { invalid } from "../errors";
import { askedFreshness, isoOf } from "../freshness";
import { SEVERITIES } from "../generated/types";
import { sourceNamed } from "../sources";
import { remembered } from "../stores/remembered";
import type { EpisodePage, EpisodeSort, EpisodeSummary } from "../types";
import { selectEpisodes, type EpisodeFilter, type Status } from "./selecting";
import { summaryOf } from "./summary";

export const PAGE_SIZE = 50;

const SORTS: Record<EpisodeSort, (one: EpisodeSummary, other: EpisodeSummary) => number> = {
  newest: (one, other) => other.firstSeen.localeCompare(one.firstSeen),
  oldest: (one, other) => one.firstSeen.localeCompare(other.firstSeen),
  severity: (one, other) => SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity),
  "last-seen": (one, other) => other.lastSeen.localeCompare(one.lastSeen),
  occurrences: (one, other) => other.occurrences - one.occurrences,
};

/** What was asked for in the address; throws with the parameter at fault. */
export function questionIn(asked: URLSearchParams): { filter: EpisodeFilter; sort: EpisodeSort; page: number } {
  const status = oneOf(asked, "status", ["open", "resolved", "all"] as const, "open") as Status;
  const severities = listIn(asked, "severity").map((name) => {
    const severity = SEVERITIES.find((each) => each === name);
    if (!severity) throw invalid("severity", `severity: one of ${SEVERITIES.join(", ")}.`);
    return severity;
  });
  return {
    filter: {
      status,
      severities: [...new Set(severities)].sort(),
      tag: (asked.get("tag") ?? "").slice(0, 200),
      source: sourceNamed(asked.get("source")),
      sinceMs: wholeIn(asked, "since", 0, 8.64e15, null),
    },
    sort: oneOf(asked, "sort", Object.keys(SORTS) as EpisodeSort[], "newest"),
    page: wholeIn(asked, "page", 1, 1_000_000, 1) as number,
  };
}

/** A page beyond the last one is the last one. */
export async function listEpisodes(asked: URLSearchParams, operator: string | null): Promise<EpisodePage> {
  const { filter, sort, page } = questionIn(asked);
  const anyTag = { ...filter, tag: "" };
  const selected = await remembered(`episodes ${JSON.stringify(anyTag)}`, 4_000, () => selectEpisodes(anyTag));
  const nowMs = Date.now();
  const found = (selected.value?.found ?? []).filter(({ tags }) => isNamed(tags, filter.tag));
  const all = found.map((document) => summaryOf(document, nowMs));
  all.sort((one, other) => SORTS[sort](one, other) || SORTS.newest(one, other));
  const shown = Math.min(page, Math.max(1, Math.ceil(all.length / PAGE_SIZE)));
  return {
    now: isoOf(nowMs),
    episodes: all.slice((shown - 1) * PAGE_SIZE, shown * PAGE_SIZE),
    page: shown,
    pageSize: PAGE_SIZE,
    total: all.length,
    ...(selected.value?.capped ? { capped: true } : {}),
    sort,
    freshness: askedFreshness(selected.at, nowMs, selected.failure),
    operator,
  };
}

/** A part of a tag's name is enough; the database's index knows whole names alone. */
function isNamed(tags: readonly string[], part: string): boolean {
  const sought = part.trim().toLowerCase();
  return sought === "" || tags.some((tag) => tag.toLowerCase().includes(sought));
}

function listIn(asked: URLSearchParams, name: string): string[] {
  return asked.getAll(name).flatMap((text) => text.split(",")).map((text) => text.trim()).filter(Boolean);
}

function oneOf<T extends string>(asked: URLSearchParams, name: string, known: readonly T[], usual: T): T {
  const text = asked.get(name);
  if (!text) return usual;
  const found = known.find((each) => each === text);
  if (!found) throw invalid(name, `${name}: one of ${known.join(", ")}.`);
  return found;
}

/** A whole number in the address; `usual` where there is none. Throws with the parameter's name. */
export function wholeIn<T>(asked: URLSearchParams, name: string, least: number, most: number, usual: T): number | T {
  const text = asked.get(name);
  if (!text) return usual;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw invalid(name, `${name}: a whole number from ${least} to ${most}.`);
  return value;
}
