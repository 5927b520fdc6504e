import type { EpisodeDetail, MethodVerdict } from "@/lib/types";
import { AlarmBadge } from "../alarms/alarm-badge";
import { brief, percent } from "../numbers";
import { TagName } from "../tag-name";
import { Command } from "./command";
import styles from "./episode.module.css";
import { ruleInWords, TIERS } from "./findings";
import { traceCommandOf } from "./shell-words";

/** The three methods side by side, on the reading that opened the episode. */
export function Methods({ detail, environment }: { detail: EpisodeDetail; environment: string }) {
  return (
    <section aria-labelledby="methods" className="panel stack">
      <h2 id="methods">The three methods, on the reading that opened it</h2>
      <div className={styles.methods}>
        {TIERS.map(({ tier, name, words }) => (
          <section key={tier} aria-labelledby={`method-${tier}`} className={styles.method}>
            <h3 id={`method-${tier}`}>{name}</h3>
            <p className="muted fine">{words}</p>
            <Verdict verdict={detail.methods[tier]} />
          </section>
        ))}
      </div>
      {detail.traceId && (
        <div>
          <p className="muted fine">How it was judged</p>
          <Command words={traceCommandOf(detail.traceId, environment)} />
        </div>
      )}
    </section>
  );
}

function Verdict({ verdict }: { verdict: MethodVerdict }) {
  const findings = verdict.explanation?.findings ?? [];
  const state = verdict.explanation?.state;
  return (
    <>
      <p>
        <AlarmBadge condition={verdict.status} />
        {state && state !== "judged" && <span className="muted"> {state}</span>}
      </p>
      {findings.map(({ tag, rule, value, expected, share, alarmType }) => (
        <div key={`${tag} ${rule}`} className={styles.finding}>
          <p>
            <strong><TagName name={tag} /></strong> {alarmType !== "OK" && <AlarmBadge condition={alarmType} />}
          </p>
          <dl>
            <div>
              <dt>Read</dt>
              <dd>{brief(value)}</dd>
            </div>
            <div>
              <dt>Expected</dt>
              <dd>{brief(expected)}</dd>
            </div>
            <div>
              <dt>Share</dt>
              <dd>{percent(share)}</dd>
            </div>
          </dl>
          <p className="muted fine">{ruleInWords(rule)}</p>
        </div>
      ))}
      {verdict.explanation?.modelVersion && (
        <p className="muted fine">Model {verdict.explanation.modelVersion}</p>
      )}
    </>
  );
}
