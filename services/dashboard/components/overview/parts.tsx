import type { PartHealth } from "@/lib/types";
import styles from "./overview.module.css";

const NAMES: Record<PartHealth["part"], string> = {
  redis: "Redis",
  cosmos: "Cosmos DB",
  detectors: "Detectors",
  pipeline: "Pipeline",
};
const WORDS: Record<PartHealth["state"], string> = { ok: "well", degraded: "degraded", away: "away" };

/** Each part with its state; the detail is told only where something is not well. */
export function Parts({ parts }: { parts: PartHealth[] }) {
  return (
    <ul className={styles.parts} aria-label="Health of the parts">
      {parts.map(({ part, state, detail }) => (
        <li key={part} data-state={state}>
          <PartSign state={state} />
          <span>
            {NAMES[part]} <span className={state === "ok" ? "unseen" : styles.word}>{WORDS[state]}</span>
            {state !== "ok" && detail && <span className={styles.detail}> {detail}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A tick, a triangle or a cross. */
function PartSign({ state }: { state: PartHealth["state"] }) {
  const path = { ok: "M2 7l3 3 6-7", degraded: "M6.5 2 12 11H1Z", away: "M2 2l9 9M11 2l-9 9" }[state];
  return (
    <svg aria-hidden="true" viewBox="0 0 13 13" className={styles.partSign}>
      <path d={path} />
    </svg>
  );
}
