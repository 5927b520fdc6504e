"use client";

import Link from "next/link";
import type { EpisodePage } from "@/lib/types";
import { Announcement } from "../live/announcement";
import { FreshnessLine, withLink } from "../live/freshness-line";
import { useLive } from "../live/use-live";
import styles from "./anomalies.module.css";
import { EpisodeTable } from "./episode-table";
import { Filters } from "./filters";
import { Pages } from "./pages";
import { isFiltered, question, type Asked } from "./query";

/** The list of anomalies, kept new. What is asked for stands in the address. */
export function AnomaliesScreen({ first, asked }: { first: EpisodePage; asked: Asked }) {
  const { held, away } = useLive(first, {
    address: () => `/api/anomalies?${question(asked).toString()}`,
    merge: (_held, news) => news,
    clock: ({ now }) => now,
  });
  const freshness = withLink(held.freshness, away);
  return (
    <div className="stack" data-trust={freshness.state}>
      <div className="row">
        <h1>Anomalies</h1>
        <FreshnessLine name="Looked at" freshness={freshness} now={held.now} />
      </div>
      <Filters asked={asked} />
      {held.capped && (
        <p className="notice" data-kind="warning">
          These are of the newest 5,000 alone. Narrow the filter to find older ones.
        </p>
      )}
      <Announcement text={freshness.at === null ? "" : `${held.total} anomalies.`} />
      {held.episodes.length === 0 ? (
        <Nothing asked={asked} isKnown={freshness.at !== null} />
      ) : (
        <>
          <div className={styles.frame}>
            <EpisodeTable episodes={held.episodes} sort={held.sort} asked={asked} />
          </div>
          <Pages page={held.page} pageSize={held.pageSize} total={held.total} asked={asked} />
        </>
      )}
    </div>
  );
}

function Nothing({ asked, isKnown }: { asked: Asked; isKnown: boolean }) {
  if (!isKnown) return <p className="notice" data-kind="failure">Nobody knows now what is open: the list could not be read yet.</p>;
  return (
    <div className="panel stack">
      <p>{isFiltered(asked) ? "No anomaly is like that." : "Nothing is open. All is quiet."}</p>
      {isFiltered(asked) ? (
        <p>
          <Link href="/anomalies" prefetch={false}>
            Show all that are open
          </Link>
        </p>
      ) : (
        <p>
          <Link href="/anomalies?status=all" prefetch={false}>
            Show those that were resolved
          </Link>
        </p>
      )}
    </div>
  );
}
