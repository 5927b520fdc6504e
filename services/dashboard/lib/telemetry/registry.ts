/** What is known of each tag: the built-in registry, or the one that a source has in Redis. */

import type { Limits } from "../types";
import builtIn from "../generated/tags.json";

export interface TagFacts {
  tag: string;
  label: string;
  description: string;
  unit: string;
  group: string;
  core: boolean;
  cadenceSeconds: number;
  limits: Limits;
}

export interface Registry {
  cadenceSeconds: number;
  tags: Map<string, TagFacts>;
}

interface WrittenTag {
  description?: string;
  unit?: string;
  group?: string;
  core?: boolean;
  cadence_s?: number;
  limits?: Record<string, unknown>;
}

interface WrittenRegistry {
  cadence_s?: number;
  tags?: Record<string, WrittenTag>;
}

const WORDS: Record<string, string> = { PH: "pH", CO2: "CO2", H2S: "H2S" };

/** From the form that `telemetry:tags:<source>` has; throws where it is not of that form. */
export function registryOf(written: WrittenRegistry): Registry {
  const cadenceSeconds = written.cadence_s ?? 10;
  const tags = new Map<string, TagFacts>();
  for (const [tag, facts] of Object.entries(written.tags ?? {})) {
    tags.set(tag, {
      tag,
      label: labelOf(tag),
      description: facts.description ?? "",
      unit: facts.unit ?? "",
      group: facts.group ?? "",
      core: facts.core ?? false,
      cadenceSeconds: facts.cadence_s ?? cadenceSeconds,
      limits: limitsOf(facts.limits ?? {}),
    });
  }
  return { cadenceSeconds, tags };
}

export const builtInRegistry: Registry = registryOf(builtIn as WrittenRegistry);

/** The facts of a tag; an unknown one is a fast tag without limits. */
export function factsOf(registry: Registry, tag: string): TagFacts {
  return (
    registry.tags.get(tag) ?? {
      tag,
      label: labelOf(tag),
      description: "",
      unit: "",
      group: "",
      core: false,
      cadenceSeconds: registry.cadenceSeconds,
      limits: limitsOf({}),
    }
  );
}

/** `HASA-4_TUBING_PRESSURE` is read as `HASA-4 tubing pressure`; names of no such form stay as they are. */
export function labelOf(tag: string): string {
  if (!/^[A-Z0-9_-]+$/.test(tag)) return tag;
  const words = tag.split("_").filter(Boolean);
  const label = words.map((word) => WORDS[word] ?? (/[\d-]/.test(word) ? word : word.toLowerCase())).join(" ");
  return label.startsWith("pH") ? label : label.charAt(0).toUpperCase() + label.slice(1);
}

function limitsOf(written: Record<string, unknown>): Limits {
  const { low_low: LL, low: L, high: H, high_high: HH } = written;
  return { LL: finite(LL), L: finite(L), H: finite(H), HH: finite(HH) };
}

/** Anybody who writes to Redis may have written it: what is no number is no limit. */
function finite(limit: unknown): number | null {
  return typeof limit === "number" && Number.isFinite(limit) ? limit : null;
}
