"use client";

import type { Freshness } from "@/lib/types";
import { Age } from "../time/age";
import styles from "./live.module.css";

/** How old what is shown is; where that is too old, the reason, with a shape of its own. */
export function FreshnessLine({ name, freshness, now }: { name: string; freshness: Freshness; now: string }) {
  const { state, at, reason } = freshness;
  return (
    <div className={styles.freshness} data-state={state}>
      <span className={styles.sign} aria-hidden="true" />
      <span>
        {name} {at ? <Age at={at} now={now} /> : "none yet"}
        {state !== "live" && <strong> · {state}</strong>}
        {state !== "live" && reason && <span className={styles.reason}> {reason}</span>}
      </span>
    </div>
  );
}

/** What the server told, unless the server itself is away. */
export function withLink(told: Freshness, away: string | null): Freshness {
  return away === null ? told : { ...told, state: "away", reason: away };
}
