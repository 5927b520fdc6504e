"use client";

import Link from "next/link";
import type { Counts, EpisodeSummary } from "@/lib/types";
import { episodeAddress, withQuery } from "../addresses";
import { SeverityBadge, SeverityShape } from "../alarms/severity-badge";
import { SEVERITIES } from "../alarms/condition";
import { TagName } from "../tag-name";
import { Moment } from "../time/moment";
import styles from "./episodes.module.css";

const SHOWN = 5;

interface Wishes {
  counts: Counts;
  open: EpisodeSummary[];
  sources: number;
  /** False where no store could tell yet: no number is shown then, since 0 would mean that all is well. */
  isKnown: boolean;
}

/** What is open in all sources, counted by severity, and the worst of it. */
export function OpenEpisodes({ counts, open, sources, isKnown }: Wishes) {
  const total = SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0);
  return (
    <section aria-labelledby="open-anomalies" className={styles.panel}>
      <h2 id="open-anomalies">Open anomalies</h2>
      <ul className={styles.counts}>
        {SEVERITIES.map((severity) => (
          <li key={severity} data-empty={counts[severity] === 0}>
            <Link href={withQuery("/anomalies", { severity })} prefetch={false}>
              <SeverityShape severity={severity} />
              <span className={styles.count}>{isKnown ? counts[severity] : "–"}</span>
              <span className={styles.word}>{severity}</span>
            </Link>
          </li>
        ))}
      </ul>
      {open.length === 0 ? (
        <p className="muted">{isKnown ? "Nothing is open." : "Nobody knows now what is open."}</p>
      ) : (
        <ol className={styles.episodes}>
          {open.slice(0, SHOWN).map((episode) => (
            <OpenEpisode key={episode.anomalyId} episode={episode} namesSource={sources > 1} />
          ))}
        </ol>
      )}
      <Link href="/anomalies" prefetch={false}>
        {total > SHOWN ? `All ${total} open anomalies` : "All anomalies"}
      </Link>
    </section>
  );
}

function OpenEpisode({ episode, namesSource }: { episode: EpisodeSummary; namesSource: boolean }) {
  const more = episode.tags.length - 1;
  return (
    <li className={styles.episode}>
      <p className={styles.since}>
        <SeverityBadge severity={episode.severity} />
        <span className="muted fine">
          <Moment at={episode.firstSeen} />
        </span>
      </p>
      <Link href={episodeAddress(episode.anomalyId)} prefetch={false}>
        <TagName name={episode.tags[0] ?? episode.anomalyId} />
        {more > 0 && ` +${more}`}
      </Link>
      <p className="muted fine">
        {namesSource && `${episode.source} · `}seen {episode.occurrences}×{episode.quiet && " · quiet now"}
        {episode.assignedTo && ` · ${episode.assignedTo}`}
      </p>
    </li>
  );
}
