import type { EpisodeDetail, Tier } from "@/lib/types";

export const TIERS: { tier: Tier; name: string; words: string }[] = [
  { tier: "heuristic", name: "Heuristic", words: "Alarm limits, rates, silence, identities" },
  { tier: "statistical", name: "Statistical", words: "Each tag against its own habit" },
  { tier: "ml", name: "Machine learning", words: "All tags together" },
];

/** What fired, in words for people; an unknown rule keeps its name. */
export function ruleInWords(rule: string): string {
  return RULES[rule] ?? rule;
}

/** What the methods expected of a tag, and which of their rules fired. */
export function findingsOf({ methods }: EpisodeDetail, tag: string): { expected: number | null; rules: string[] } {
  const found = TIERS.flatMap(({ tier, name }) =>
    (methods[tier].explanation?.findings ?? [])
      .filter((finding) => finding.tag === tag)
      .map((finding) => ({ ...finding, by: `${name.toLowerCase()}: ${ruleInWords(finding.rule)}` })),
  );
  return {
    expected: found.find(({ expected }) => expected !== null)?.expected ?? null,
    rules: found.map(({ by }) => by),
  };
}

const RULES: Record<string, string> = {
  limit: "alarm limit",
  rate: "too fast a change",
  silence: "value does not change",
  identity: "contradicts other tags",
  residual: "not what its past predicts",
  var: "not what the other tags predict",
};
