import Link from "next/link";
import type { TagSummary } from "@/lib/types";
import { AlarmBadge } from "../alarms/alarm-badge";
import { conditionOf } from "../alarms/condition";
import { decimalsOf, shown } from "../numbers";
import { tagAddress } from "../addresses";
import styles from "./core-tag.module.css";
import { LimitGauge } from "./limit-gauge";
import { ageOfOld } from "./old";
import { Sparkline } from "./sparkline";

/** One core tag, legible from two metres: value, alarm, place among its limits, last hour. */
export function CoreTag({ tag, source, now }: { tag: TagSummary; source: string; now: number }) {
  const decimals = decimalsOf(tag);
  const age = ageOfOld(tag, now);
  return (
    <li className={styles.card} data-condition={conditionOf(tag)} data-old={age !== null}>
      <h3 className={styles.name}>
        <Link href={tagAddress(tag.tag, source)} prefetch={false}>
          {tag.label}
        </Link>
      </h3>
      <p className={styles.reading}>
        <span className={styles.value} data-testid={`value ${tag.tag}`}>
          {shown(tag.value, decimals)}
        </span>{" "}
        <span className={styles.unit}>{tag.unit}</span>
      </p>
      <p className={styles.alarm}>
        <AlarmBadge condition={conditionOf(tag)} />
        {age && <span className="muted fine"> {age} ago</span>}
      </p>
      <div className={styles.gauge}>
        <LimitGauge tag={tag} decimals={decimals} />
      </div>
      <div className={styles.trend}>
        <Sparkline tag={tag} now={now} />
      </div>
    </li>
  );
}
