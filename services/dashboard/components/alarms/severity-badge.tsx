import type { Severity } from "@/lib/types";
import styles from "./alarms.module.css";

const SHAPES: Record<Severity, string> = {
  critical: "M5 1h6l4 4v6l-4 4H5l-4-4V5Z",
  high: "M8 0l8 8-8 8-8-8Z",
  medium: "M1 1h14v14H1Z",
  low: "M8 1a7 7 0 1 1 0 14A7 7 0 1 1 8 1Z",
};

const RANKS: Record<Severity, number> = { critical: 1, high: 2, medium: 3, low: 4 };

/** Severity as a shape with its rank, and the word: octagon 1, diamond 2, square 3, circle 4. */
export function SeverityBadge({ severity }: { severity: Severity }) {
  return (
    <span className={styles.severity} data-severity={severity}>
      <SeverityShape severity={severity} />
      {severity}
    </span>
  );
}

export function SeverityShape({ severity }: { severity: Severity }) {
  return (
    <svg aria-hidden="true" className={styles.rank} viewBox="0 0 16 16" data-severity={severity}>
      <path d={SHAPES[severity]} />
      <text x="8" y="11.6" textAnchor="middle">
        {RANKS[severity]}
      </text>
    </svg>
  );
}
