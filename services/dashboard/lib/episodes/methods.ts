/** What each of the three methods said of the reading that opened an episode. */

import type { Explanation, MlVerdict, TagResult, TagVerdict, VerdictDocument } from "../generated/types";
import type { AlarmType, MethodTagResult, MethodVerdict, Tier } from "../types";

/** Tags of the episode, and whatever else was not normal; `Unknown` where a method has not spoken. */
export function methodsOf(verdict: VerdictDocument | null, tags: readonly string[]): Record<Tier, MethodVerdict> {
  return {
    heuristic: byTag(verdict?.heuristic ?? null, tags),
    statistical: byTag(verdict?.statistical ?? null, tags),
    ml: asWhole(verdict?.ml ?? null, tags),
  };
}

function byTag(said: TagVerdict | null, tags: readonly string[]): MethodVerdict {
  if (!said) return silent();
  const shown = Object.entries(said.results).filter(([tag, each]) => each.status === "Anomaly" || tags.includes(tag));
  return {
    status: Object.values(said.results).some((each) => each.status === "Anomaly") ? "Anomaly" : "Normal",
    results: Object.fromEntries(shown.map(([tag, each]) => [tag, resultOf(each)])),
    explanation: explanationOf(said.explanation),
  };
}

/** One status for the whole reading; its findings tell which tags weigh in it. */
function asWhole(said: MlVerdict | null, tags: readonly string[]): MethodVerdict {
  if (!said) return silent();
  const found = new Map((said.explanation?.findings ?? []).map((finding) => [finding.tag, finding]));
  const shown = [...new Set([...found.keys(), ...tags])].filter((tag) => said.results.values[tag] !== undefined);
  return {
    status: said.results.status,
    results: Object.fromEntries(
      shown.map((tag): [string, MethodTagResult] => [
        tag,
        {
          value: said.results.values[tag] as number,
          alarmType: (found.get(tag)?.alarm_type ?? "OK") as AlarmType,
          status: found.has(tag) ? said.results.status : "Normal",
          context: "",
        },
      ]),
    ),
    explanation: explanationOf(said.explanation),
  };
}

function resultOf(result: TagResult): MethodTagResult {
  const { value, alarm_type, status, context } = result;
  return { value, alarmType: alarm_type as AlarmType, status, context };
}

function explanationOf(told: Explanation | undefined): MethodVerdict["explanation"] {
  if (!told) return null;
  return {
    state: told.state,
    modelVersion: told.model_version ?? null,
    score: told.score ?? null,
    findings: (told.findings ?? []).map(({ tag, rule, alarm_type, value, expected, share }) => ({
      tag,
      rule,
      alarmType: alarm_type as AlarmType,
      value,
      expected,
      share,
    })),
  };
}

function silent(): MethodVerdict {
  return { status: "Unknown", results: {}, explanation: null };
}
