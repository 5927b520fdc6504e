import type { AlarmType, Severity, TagStatus, TagSummary } from "@/lib/types";

/** What a tag is in: the worst word that applies. */
export type Condition = Exclude<AlarmType, "OK"> | "Anomaly" | "Normal" | "Unknown";

/** A limit that is broken says more than a model that wonders. */
export function conditionOf(tag: { alarmType: AlarmType; status: TagStatus }): Condition {
  return tag.alarmType === "OK" ? tag.status : tag.alarmType;
}

/** Whether somebody should look. */
export function isAlarming(condition: Condition): boolean {
  return condition !== "Normal" && condition !== "Unknown";
}

/** `Injection pressure High-High, CO2 flow rate Anomaly`, for those who listen. */
export function alarmsInWords(tags: TagSummary[]): string {
  const alarming = tags.filter((tag) => isAlarming(conditionOf(tag)));
  if (alarming.length === 0) return "No tag is in alarm.";
  const named = alarming.slice(0, 5).map((tag) => `${tag.label} ${conditionOf(tag)}`);
  const more = alarming.length > 5 ? ` and ${alarming.length - 5} more` : "";
  return `In alarm: ${named.join(", ")}${more}.`;
}

export const SEVERITIES: Severity[] = ["critical", "high", "medium", "low"];
