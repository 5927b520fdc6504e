import type { Limits, TagSummary } from "@/lib/types";

/** Four digits for the largest that the tag usually shows, so that digits do not jump from reading to reading. */
export function decimalsOf(tag: Pick<TagSummary, "limits" | "value">): number {
  const known = [...limitsOf(tag.limits).map(([, limit]) => limit), tag.value ?? 0].map(Math.abs);
  const reach = Math.max(...known);
  if (reach === 0) return 1;
  return Math.min(5, Math.max(0, 3 - Math.floor(Math.log10(reach))));
}

/** `35.07`, `1003`; a dash where there is none. A true minus sign, as wide as a plus. */
export function shown(value: number | null | undefined, decimals = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(decimals).replace("-", "−");
}

/** Four significant digits, for values whose tag's reach is not known. */
export function brief(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** `38 %` */
export function percent(share: number): string {
  return share > 0 && share < 0.005 ? "under 1 %" : `${Math.round(share * 100)} %`;
}

/** The limits that are set, from the lowest. */
export function limitsOf(limits: Limits): [keyof Limits, number][] {
  return (["LL", "L", "H", "HH"] as const).flatMap((name) => {
    const limit = limits[name];
    return limit === null ? [] : [[name, limit] as [keyof Limits, number]];
  });
}
