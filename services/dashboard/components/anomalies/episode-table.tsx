import Link from "next/link";
import type { EpisodeSort, EpisodeSummary } from "@/lib/types";
import { episodeAddress } from "../addresses";
import { SeverityBadge } from "../alarms/severity-badge";
import { TagName } from "../tag-name";
import { Moment } from "../time/moment";
import styles from "./anomalies.module.css";
import { listAddress, type Asked } from "./query";

/** Episodes, a row each; on a phone a card each. */
export function EpisodeTable({ episodes, sort, asked }: { episodes: EpisodeSummary[]; sort: EpisodeSort; asked: Asked }) {
  const heading = { sort, asked };
  return (
    <table className={styles.table}>
      <caption className="unseen">Anomalies</caption>
      <thead>
        <tr>
          <Heading {...heading} words="Severity" by="severity" />
          <th scope="col">Tags</th>
          <Heading {...heading} words="First seen" by={sort === "newest" ? "oldest" : "newest"} />
          <Heading {...heading} words="Last seen" by="last-seen" />
          <Heading {...heading} words="Seen" by="occurrences" />
          <th scope="col">State</th>
          <th scope="col">Source</th>
        </tr>
      </thead>
      <tbody>
        {episodes.map((episode) => (
          <tr key={episode.anomalyId} data-state={episode.state}>
            <td data-label="Severity">
              <SeverityBadge severity={episode.severity} />
            </td>
            <th scope="row" className={styles.what}>
              <Link href={episodeAddress(episode.anomalyId)} prefetch={false}>
                <TagName name={tagsOf(episode)} />
              </Link>
              <p className={styles.context}>{episode.context}</p>
            </th>
            <td data-label="First seen">
              <Moment at={episode.firstSeen} />
            </td>
            <td data-label="Last seen">
              <Moment at={episode.lastSeen} />
            </td>
            <td data-label="Seen">{episode.occurrences}×</td>
            <td data-label="State">
              {episode.state}
              {episode.state === "open" && episode.quiet && ", quiet"}
              {episode.assignedTo && <span className="muted"> · {episode.assignedTo}</span>}
            </td>
            <td data-label="Source">{episode.source}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Heading(props: { words: string; by: EpisodeSort; sort: EpisodeSort; asked: Asked }) {
  const { words, by, sort, asked } = props;
  const order = words === "First seen" ? TIME_ORDER[sort] : by === sort ? "descending" : undefined;
  return (
    <th scope="col" aria-sort={order}>
      <Link href={listAddress(asked, { sort: by })} prefetch={false}>
        {words}
        <span aria-hidden="true">{order === "descending" ? " ↓" : order === "ascending" ? " ↑" : ""}</span>
      </Link>
    </th>
  );
}

const TIME_ORDER: Partial<Record<EpisodeSort, "ascending" | "descending">> = { newest: "descending", oldest: "ascending" };

function tagsOf({ tags, anomalyId }: EpisodeSummary): string {
  const shown = tags.slice(0, 3).join(", ") || anomalyId;
  return tags.length > 3 ? `${shown} +${tags.length - 3}` : shown;
}
