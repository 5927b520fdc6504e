import styles from "./alarms.module.css";
import { isAlarming, type Condition } from "./condition";

/** The alarm as word and shape: colour only repeats what they say. Normal is quiet. */
export function AlarmBadge({ condition }: { condition: Condition }) {
  if (!isAlarming(condition)) {
    return <span className={styles.quiet}>{condition === "Unknown" ? "not judged" : "normal"}</span>;
  }
  return (
    <span className={styles.badge} data-condition={condition}>
      <Shape condition={condition} />
      {condition}
    </span>
  );
}

const UP = "M6 1 11.5 11H.5Z";
const DOWN = "M6 11 .5 1h11Z";

/** One triangle for a limit, two for the one beyond; a diamond where no limit is broken. */
export function Shape({ condition }: { condition: Condition }) {
  const double = condition === "High-High" || condition === "Low-Low";
  const path = condition === "Anomaly" ? "M6 0l6 6-6 6-6-6Z" : condition.startsWith("High") ? UP : DOWN;
  return (
    <svg aria-hidden="true" className={styles.shape} viewBox={double ? "0 0 24 12" : "0 0 12 12"} data-double={double}>
      <path d={path} />
      {double && <path d={path} transform="translate(12 0)" />}
    </svg>
  );
}
