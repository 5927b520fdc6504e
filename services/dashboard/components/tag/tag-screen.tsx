"use client";

import Link from "next/link";
import type { TagSeries } from "@/lib/types";
import { episodeAddress, overviewAddress, withQuery } from "../addresses";
import { AlarmBadge } from "../alarms/alarm-badge";
import { conditionOf } from "../alarms/condition";
import { Announcement } from "../live/announcement";
import { FreshnessLine, withLink } from "../live/freshness-line";
import { useLive } from "../live/use-live";
import { decimalsOf, shown } from "../numbers";
import { LimitGauge } from "../overview/limit-gauge";
import { Moment } from "../time/moment";
import { ChartPanel } from "./chart-panel";
import { mergeSeries } from "./merge";
import styles from "./tag.module.css";

/** One tag: its value now, its day, and the anomalies it took part in. */
export function TagScreen({ first, source }: { first: TagSeries; source: string }) {
  const { held, away } = useLive(first, {
    address: ({ tag, points }) =>
      withQuery(`/api/tags/${encodeURIComponent(tag.tag)}`, { source, since: sinceOf(points.t) }),
    merge: mergeSeries,
    clock: (news) => news.freshness.checkedAt,
  });
  const { tag } = held;
  const freshness = withLink(held.freshness, away);
  const condition = conditionOf(tag);
  return (
    <div className="stack" data-trust={freshness.state}>
      <nav aria-label="Back">
        <Link href={overviewAddress(source)} prefetch={false}>
          ← Overview of {source}
        </Link>
      </nav>
      <div className={styles.head}>
        <div>
          <h1>{tag.label}</h1>
          <p className="muted">
            <code>{tag.tag}</code> {tag.description}
          </p>
          <FreshnessLine name="Value" freshness={freshness} now={held.freshness.checkedAt} />
        </div>
        <p className={styles.now}>
          <span className={styles.value}>{shown(tag.value, decimalsOf(tag))}</span> {tag.unit}{" "}
          <AlarmBadge condition={condition} />
        </p>
        <div className={styles.gauge}>
          <LimitGauge tag={tag} decimals={decimalsOf(tag)} />
        </div>
      </div>
      <Announcement text={`${tag.label} is ${condition}. ${freshness.state === "live" ? "" : (freshness.reason ?? freshness.state)}`} />
      <ChartPanel series={held} />
      <Episodes series={held} />
    </div>
  );
}

/** Somewhat before the newest point: its verdict may come after it. */
function sinceOf(times: number[]): number | undefined {
  const newest = times.at(-1);
  return newest === undefined ? undefined : newest - OVERLAP_MS;
}

const OVERLAP_MS = 300_000;

function Episodes({ series }: { series: TagSeries }) {
  const firstSeen = new Map<string, number>();
  for (const { anomalyId, t } of series.anomalies) {
    if (anomalyId && !firstSeen.has(anomalyId)) firstSeen.set(anomalyId, t);
  }
  return (
    <section aria-labelledby="episodes" className="panel stack">
      <h2 id="episodes">Anomalies of these 24 hours</h2>
      {firstSeen.size === 0 ? (
        <p className="muted">This tag took part in none.</p>
      ) : (
        <ul className="stack">
          {[...firstSeen].reverse().map(([anomalyId, t]) => (
            <li key={anomalyId}>
              <Link href={episodeAddress(anomalyId)} prefetch={false}>
                <Moment at={new Date(t).toISOString()} /> <code>{anomalyId}</code>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
