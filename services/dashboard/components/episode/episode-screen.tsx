"use client";

import Link from "next/link";
import type { EpisodeDetail } from "@/lib/types";
import { SeverityBadge } from "../alarms/severity-badge";
import { Announcement } from "../live/announcement";
import { FreshnessLine, withLink } from "../live/freshness-line";
import { useLive } from "../live/use-live";
import { TagName } from "../tag-name";
import { Moment } from "../time/moment";
import { Actions } from "./actions";
import styles from "./episode.module.css";
import { Methods } from "./methods";
import { Related } from "./related";
import { Timeline } from "./timeline";
import { Why } from "./why";

/** One episode: what it is, why, what was done, and what can be. */
export function EpisodeScreen(props: { first: EpisodeDetail; environment: string; whyNobody: string }) {
  const { first, environment, whyNobody } = props;
  const { held, away, refresh } = useLive(first, {
    address: ({ summary }) => `/api/anomalies/${encodeURIComponent(summary.anomalyId)}`,
    merge: (_held, news) => news,
    clock: ({ now }) => now,
  });
  const { summary } = held;
  const freshness = withLink(held.freshness, away);
  return (
    <div className="stack" data-trust={freshness.state}>
      <nav aria-label="Back">
        <Link href="/anomalies" prefetch={false}>
          ← Anomalies
        </Link>
      </nav>
      <Head detail={held} />
      <FreshnessLine name="Looked at" freshness={freshness} now={held.now} />
      <Announcement text={lastAction(held)} />
      <div className={styles.columns}>
        <div className="stack">
          <Why detail={held} />
          <Methods detail={held} environment={environment} />
          <Related episodes={held.related} />
        </div>
        <div className="stack">
          <Actions detail={held} environment={environment} whyNobody={whyNobody} onReload={refresh} />
          <Timeline entries={held.timeline} />
        </div>
      </div>
      <p className="muted fine">
        <code>{summary.anomalyId}</code>
      </p>
    </div>
  );
}

function Head({ detail: { summary, confidence } }: { detail: EpisodeDetail }) {
  return (
    <header className={styles.head}>
      <p className="row">
        <SeverityBadge severity={summary.severity} />
        <strong>{summary.state}</strong>
        {summary.state === "open" && summary.quiet && <span className="muted">quiet now</span>}
        <span className="muted">
          {summary.assignedTo ? `assigned to ${summary.assignedTo}` : "assigned to nobody"} · {summary.source}
        </span>
      </p>
      <h1>
        <TagName name={summary.tags.slice(0, 3).join(", ") || summary.anomalyId} />
        {summary.tags.length > 3 && ` +${summary.tags.length - 3}`}
      </h1>
      <p className="muted">
        First seen <Moment at={summary.firstSeen} length="date-time" both />, seen {summary.occurrences}×, last{" "}
        <Moment at={summary.lastSeen} length="date-time" />; confidence {Math.round(confidence * 100)} %
      </p>
      {summary.context && <p className={styles.context}>{summary.context}</p>}
    </header>
  );
}

function lastAction({ timeline }: EpisodeDetail): string {
  const last = timeline.at(-1);
  if (!last || last.action === "opened") return "";
  return `Last action: ${last.action} by ${last.by}. ${last.notes}`;
}
