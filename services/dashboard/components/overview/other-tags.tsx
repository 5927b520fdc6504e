"use client";

import { useDeferredValue, useMemo, useState } from "react";
import type { TagSummary } from "@/lib/types";
import { conditionOf, isAlarming } from "../alarms/condition";
import styles from "./other-tags.module.css";
import { TagRow } from "./tag-row";

/** All other tags by group; found by any word of their name, description, group or unit. */
export function OtherTags({ tags, source, now }: { tags: TagSummary[]; source: string; now: number }) {
  const [sought, setSought] = useState("");
  const [alarmingOnly, setAlarmingOnly] = useState(false);
  const words = useDeferredValue(sought);
  const alarming = tags.filter((tag) => isAlarming(conditionOf(tag))).length;
  const found = useMemo(() => filtered(tags, words, alarmingOnly), [tags, words, alarmingOnly]);
  const groups = useMemo(() => grouped(found), [found]);
  return (
    <section aria-labelledby="other-tags" className={styles.section}>
      <div className={styles.bar}>
        <h2 id="other-tags">Other tags</h2>
        <div role="search" className={styles.search}>
          <input
            type="search"
            aria-label="Search tags"
            placeholder="Search name, group, unit…"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
          />
          <label className={styles.only}>
            <input
              type="checkbox"
              checked={alarmingOnly}
              onChange={(event) => setAlarmingOnly(event.target.checked)}
            />
            Only in alarm ({alarming})
          </label>
        </div>
        <p role="status" className="muted fine">
          {found.length === tags.length ? `${tags.length} tags` : `${found.length} of ${tags.length} tags`}
        </p>
      </div>
      {found.length === 0 && <p className="panel muted">{emptyWords(tags.length, alarmingOnly)}</p>}
      <div className={styles.groups}>
        {[...groups].map(([group, members]) => (
          <section key={group} aria-label={group} className={styles.group}>
            <h3>{group}</h3>
            <ul>
              {members.map((tag) => (
                <TagRow key={tag.tag} tag={tag} source={source} now={now} />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </section>
  );
}

function filtered(tags: TagSummary[], sought: string, alarmingOnly: boolean): TagSummary[] {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  return tags.filter((tag) => {
    if (alarmingOnly && !isAlarming(conditionOf(tag))) return false;
    const text = `${tag.tag} ${tag.label} ${tag.description} ${tag.group} ${tag.unit}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function grouped(tags: TagSummary[]): Map<string, TagSummary[]> {
  const groups = new Map<string, TagSummary[]>();
  for (const tag of tags) {
    const name = tag.group || "other";
    groups.set(name, [...(groups.get(name) ?? []), tag]);
  }
  return groups;
}

function emptyWords(count: number, alarmingOnly: boolean): string {
  if (count === 0) return "This source has sent no other tags in the last 24 hours.";
  return alarmingOnly ? "No such tag is in alarm." : "No tag has these words.";
}
