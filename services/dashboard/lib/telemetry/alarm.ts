/** The alarm state of a tag, from the newest verdict; from the limits alone where nobody has judged it. */

import type { AlarmType, Limits, TagStatus } from "../types";
import type { VerdictDocument } from "../generated/types";

export interface TagAlarm {
  alarmType: AlarmType;
  status: TagStatus;
}

/** `verdict` is null where the newest one is too old to speak of now. */
export function alarmOf(
  tag: string,
  value: number | null,
  limits: Limits,
  verdict: VerdictDocument | null,
): TagAlarm {
  if (!verdict) return { alarmType: value === null ? "OK" : beyond(value, limits), status: "Unknown" };
  const byLimits = verdict.heuristic?.results[tag];
  const byPast = verdict.statistical?.results[tag];
  const accused =
    byLimits?.status === "Anomaly" || byPast?.status === "Anomaly" || isAccused(tag, verdict);
  const judged = byLimits !== undefined || byPast !== undefined || verdict.ml?.results.values[tag] !== undefined;
  return {
    alarmType: (byLimits?.alarm_type as AlarmType | undefined) ?? (value === null ? "OK" : beyond(value, limits)),
    status: accused ? "Anomaly" : judged ? "Normal" : "Unknown",
  };
}

/** Which limit a value is past; without dead-band and delays, which only the detectors know. */
export function beyond(value: number, limits: Limits): AlarmType {
  if (limits.HH !== null && value > limits.HH) return "High-High";
  if (limits.LL !== null && value < limits.LL) return "Low-Low";
  if (limits.H !== null && value > limits.H) return "High";
  if (limits.L !== null && value < limits.L) return "Low";
  return "OK";
}

function isAccused(tag: string, verdict: VerdictDocument): boolean {
  return verdict.final_status === "anomaly" && (verdict.explanation?.tags ?? []).includes(tag);
}
