import type { TagSummary } from "@/lib/types";
import styles from "./drawing.module.css";
import { drawingOf, HEIGHT, WIDTH } from "./drawing";

/** The last hour as a line between its inner alarm limits; a drawing only, the words beside it say the same. */
export function Sparkline({ tag, now }: { tag: TagSummary; now: number }) {
  const { limits, pen, tip } = drawingOf(tag, now);
  return (
    <svg
      aria-hidden="true"
      className={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {limits.map((limit, index) => (
        <path key={index} className={styles.limit} d={limit} />
      ))}
      <path className={styles.pen} d={pen} />
      {tip && <path className={styles.tip} d={tip} />}
    </svg>
  );
}
