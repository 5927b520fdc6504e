import type { TagSummary } from "@/lib/types";
import { conditionOf } from "../alarms/condition";
import { limitsOf, shown } from "../numbers";
import styles from "./drawing.module.css";
import { placeIn, spanOf } from "./scale";

/** Where the value stands among its alarm limits: zones in grey, the pointer in colour only when it is alarming. */
export function LimitGauge({ tag, decimals }: { tag: TagSummary; decimals: number }) {
  const limits = limitsOf(tag.limits);
  if (limits.length === 0) return <p className="muted fine">No alarm limits</p>;
  const span = spanOf(tag.limits, tag.value === null ? [] : [tag.value]);
  const { from, to } = span;
  const at = (value: number) => percent(placeIn(span, value));
  const width = (low: number, high: number) => percent(Math.max(0, placeIn(span, high) - placeIn(span, low)));
  const { LL, L, H, HH } = tag.limits;
  const warning = [LL ?? from, HH ?? to] as const;
  const normal = [L ?? LL ?? from, H ?? HH ?? to] as const;
  return (
    <div>
      <svg aria-hidden="true" className={styles.gauge} data-condition={conditionOf(tag)}>
        <rect className={styles.beyond} y="6" width="100%" height="10" />
        <rect className={styles.warning} x={at(warning[0])} y="6" width={width(...warning)} height="10" />
        <rect className={styles.normal} x={at(normal[0])} y="6" width={width(...normal)} height="10" />
        {tag.value !== null && (
          <svg x={at(tag.value)} overflow="visible" className={styles.pointer}>
            <path d="M-6 0H6L0 8ZM-1.25 6h2.5v12h-2.5Z" />
          </svg>
        )}
      </svg>
      <dl className={styles.limits}>
        {limits.map(([name, limit]) => (
          <div key={name} data-outer={name.length === 2}>
            <dt>
              <span aria-hidden="true">{name}</span>
              <span className="unseen">{WORDS[name]} limit</span>
            </dt>
            <dd>{shown(limit, Math.min(decimals, places(limit)))}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function percent(share: number): string {
  return `${Math.round(1000 * share) / 10}%`;
}

/** As many places as the limit was written with. */
function places(limit: number): number {
  return String(limit).split(".")[1]?.length ?? 0;
}

const WORDS = { LL: "Low-Low", L: "Low", H: "High", HH: "High-High" };
