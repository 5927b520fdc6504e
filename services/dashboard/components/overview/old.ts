import type { TagSummary } from "@/lib/types";
import { lasting } from "../time/words";

/**
 * How long before the newest reading of its source a tag was last read, where that is too long for its value to
 * speak of now: some tags come and go. null for a value of now, and for none.
 */
export function ageOfOld({ at, value, cadenceSeconds }: TagSummary, newestMs: number): string | null {
  if (at === null || value === null) return null;
  const age = newestMs - Date.parse(at);
  return age > Math.max(60_000, 2 * cadenceSeconds * 1000) ? lasting(age) : null;
}
