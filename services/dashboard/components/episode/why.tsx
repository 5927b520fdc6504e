import type { EpisodeDetail } from "@/lib/types";
import Link from "next/link";
import { tagAddress } from "../addresses";
import { brief, percent } from "../numbers";
import { TagName } from "../tag-name";
import { findingsOf } from "./findings";
import styles from "./episode.module.css";

const SHOWN = 6;

/** Why: the tags that carry the blame, what was read where what was expected, and the sentence about each. */
export function Why({ detail }: { detail: EpisodeDetail }) {
  const { tags, source } = detail.summary;
  const ranked = [...tags].sort((one, other) => (detail.shares[other] ?? 0) - (detail.shares[one] ?? 0));
  return (
    <section aria-labelledby="why" className="panel stack">
      <h2 id="why">Why</h2>
      <ol className={styles.why}>
        {ranked.slice(0, SHOWN).map((tag) => (
          <li key={tag}>
            <div className={styles.cause}>
              <h3>
                <Link href={tagAddress(tag, source)} prefetch={false}>
                  <TagName name={tag} />
                </Link>
              </h3>
              <Share share={detail.shares[tag] ?? 0} />
            </div>
            <Comparison detail={detail} tag={tag} />
            {detail.contexts[tag] && <p>{detail.contexts[tag]}</p>}
          </li>
        ))}
      </ol>
      {ranked.length > SHOWN && <p className="muted">And {ranked.slice(SHOWN).join(", ")}.</p>}
    </section>
  );
}

function Share({ share }: { share: number }) {
  return (
    <p className={styles.share}>
      <svg aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 8">
        <rect className={styles.track} width="100" height="8" />
        <rect className={styles.fill} width={Math.round(100 * Math.min(1, share))} height="8" />
      </svg>
      <span>{percent(share)} of the blame</span>
    </p>
  );
}

function Comparison({ detail, tag }: { detail: EpisodeDetail; tag: string }) {
  const { expected, rules } = findingsOf(detail, tag);
  return (
    <p className={styles.comparison}>
      Read <strong>{brief(detail.reading[tag])}</strong>
      {expected !== null && (
        <>
          , expected <strong>{brief(expected)}</strong>
        </>
      )}
      {tag in detail.corrected && (
        <>
          , corrected to <strong>{brief(detail.corrected[tag])}</strong>
        </>
      )}
      {rules.length > 0 && <span className="muted"> · {rules.join(", ")}</span>}
    </p>
  );
}
