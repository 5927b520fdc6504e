import Link from "next/link";
import type { TagSummary } from "@/lib/types";
import { AlarmBadge } from "../alarms/alarm-badge";
import { conditionOf, isAlarming } from "../alarms/condition";
import { tagAddress } from "../addresses";
import { decimalsOf, shown } from "../numbers";
import { ageOfOld } from "./old";
import styles from "./other-tags.module.css";
import { Sparkline } from "./sparkline";

/** One line a tag: name, last hour, value; the alarm, and how old the value is, only where there is need. */
export function TagRow({ tag, source, now }: { tag: TagSummary; source: string; now: number }) {
  const condition = conditionOf(tag);
  const age = ageOfOld(tag, now);
  return (
    <li className={styles.tag} data-condition={condition} data-old={age !== null}>
      <Link href={tagAddress(tag.tag, source)} prefetch={false} className={styles.name}>
        {tag.label}
      </Link>
      <span className={styles.trend}>
        <Sparkline tag={tag} now={now} />
      </span>
      <span className={styles.value}>
        <span>{shown(tag.value, decimalsOf(tag))}</span> <span className={styles.unit}>{tag.unit}</span>
      </span>
      {age && <span className={styles.age}>{age} ago</span>}
      {isAlarming(condition) && (
        <span className={styles.alarm}>
          <AlarmBadge condition={condition} />
        </span>
      )}
    </li>
  );
}
