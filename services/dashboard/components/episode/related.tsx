import Link from "next/link";
import type { EpisodeSummary } from "@/lib/types";
import { episodeAddress } from "../addresses";
import { SeverityBadge } from "../alarms/severity-badge";
import { TagName } from "../tag-name";
import { Moment } from "../time/moment";
import styles from "./episode.module.css";

/** Other episodes that speak of the same tags. */
export function Related({ episodes }: { episodes: EpisodeSummary[] }) {
  if (episodes.length === 0) return null;
  return (
    <section aria-labelledby="related" className="panel stack">
      <h2 id="related">Related</h2>
      <ul className={styles.related}>
        {episodes.map((episode) => (
          <li key={episode.anomalyId}>
            <SeverityBadge severity={episode.severity} />
            <Link href={episodeAddress(episode.anomalyId)} prefetch={false}>
              <TagName name={episode.tags.slice(0, 2).join(", ")} />
            </Link>
            <span className="muted fine">
              <Moment at={episode.firstSeen} /> · {episode.state}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
