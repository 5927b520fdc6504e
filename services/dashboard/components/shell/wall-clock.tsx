"use client";

import { useNow } from "../time/age";
import { momentIn } from "../time/words";
import { useZone } from "../time/zone";
import styles from "./shell.module.css";

/** The server's time: in the chosen zone, and in UTC where that is another. */
export function WallClock({ now: first }: { now: string }) {
  const now = useNow(first);
  const { name } = useZone();
  return (
    <div className={styles.clock}>
      <time>{momentIn(name, now, "time")}</time>
      <span className="muted fine">{name === "UTC" ? "UTC" : `${momentIn("UTC", now, "minute")} UTC`}</span>
    </div>
  );
}
