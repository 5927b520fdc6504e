import type { TimelineEntry } from "@/lib/types";
import { brief } from "../numbers";
import { Moment } from "../time/moment";
import styles from "./episode.module.css";

/** What happened to the episode and who did it, the newest first. */
export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  return (
    <section aria-labelledby="timeline" className="panel stack">
      <h2 id="timeline">Timeline</h2>
      <ol className={styles.timeline}>
        {[...entries].reverse().map((entry) => (
          <li key={`${entry.at} ${entry.action}`}>
            <p className="muted fine">
              <Moment at={entry.at} length="date-time" both />
            </p>
            <p>
              <strong>{sentenceOf(entry)}</strong>
              {entry.notes && `: ${entry.notes}`}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function sentenceOf({ action, by, to, values }: TimelineEntry): string {
  if (action === "opened") return "First seen";
  if (action === "assign") return `Assigned to ${to ?? "nobody"} by ${by}`;
  if (action === "modify") {
    const changes = Object.entries(values ?? {}).map(
      ([tag, { previous, modified }]) => `${tag} ${brief(previous)} → ${brief(modified)}`,
    );
    return `Modified ${changes.join(", ")} by ${by}`;
  }
  return `${action === "resolve" ? "Resolved" : "Reopened"} by ${by}`;
}
