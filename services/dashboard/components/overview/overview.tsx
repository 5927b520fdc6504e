"use client";

import type { Overview as OverviewData } from "@/lib/types";
import { withQuery } from "../addresses";
import { alarmsInWords } from "../alarms/condition";
import { Announcement } from "../live/announcement";
import { FreshnessLine, withLink } from "../live/freshness-line";
import { useLive } from "../live/use-live";
import { CoreTag } from "./core-tag";
import cards from "./core-tag.module.css";
import { mergeOverview } from "./merge";
import { OpenEpisodes } from "./open-episodes";
import { OtherTags } from "./other-tags";
import styles from "./overview.module.css";
import { Parts } from "./parts";
import { SourceSwitcher } from "./source-switcher";

/** The plant at a glance, kept new. */
export function Overview({ first }: { first: OverviewData }) {
  const { held, away } = useLive(first, { address, merge: mergeOverview, clock: ({ now }) => now });
  const readings = withLink(held.readings, away);
  const anomalies = withLink(held.anomalies, away);
  const now = Date.parse(held.readings.at ?? held.now);
  return (
    <>
      <div className={styles.strip}>
        <h1 className={styles.title}>
          <span className="unseen">Overview of </span>
          <SourceSwitcher source={held.source} sources={held.sources} />
        </h1>
        <FreshnessLine name="Readings" freshness={readings} now={held.now} />
        <FreshnessLine name="Anomalies" freshness={anomalies} now={held.now} />
        {away === null && <Parts parts={held.parts} />}
      </div>
      <Announcement text={spoken(held, readings.state, readings.reason)} />
      <div className={styles.columns}>
        <section aria-labelledby="core-tags" data-trust={readings.state} className={styles.section}>
          <h2 id="core-tags">Core tags</h2>
          {held.core.length === 0 && <p className="panel muted">No readings of {held.source} yet.</p>}
          <ul className={cards.cards}>
            {held.core.map((tag) => (
              <CoreTag key={tag.tag} tag={tag} source={held.source} now={now} />
            ))}
          </ul>
        </section>
        <div data-trust={anomalies.state}>
          <OpenEpisodes
            counts={held.counts}
            open={held.open}
            sources={held.sources.length}
            isKnown={anomalies.at !== null}
          />
        </div>
      </div>
      <div data-trust={readings.state}>
        <OtherTags tags={held.others} source={held.source} now={now} />
      </div>
    </>
  );
}

function address(held: OverviewData): string {
  const since = held.readings.at ? Date.parse(held.readings.at) : undefined;
  return withQuery("/api/overview", { source: held.source, since });
}

function spoken(held: OverviewData, state: string, reason: string | undefined): string {
  const trust = state === "live" ? "" : `Readings are ${state}. ${reason ?? ""} `;
  return `${trust}${alarmsInWords([...held.core, ...held.others])}`;
}
