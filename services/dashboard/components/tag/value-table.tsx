"use client";

import { useDeferredValue, useMemo, useState } from "react";
import type { TagSeries } from "@/lib/types";
import { decimalsOf, shown } from "../numbers";
import { Moment } from "../time/moment";
import type { Range } from "./range";
import { stretches, summarise } from "./summary";
import styles from "./tag.module.css";

/** The chart's stretch in one sentence, and by parts in a table that opens on demand. */
export function ValueTable({ series, range }: { series: TagSeries; range: Range }) {
  const [isOpen, setIsOpen] = useState(false);
  const calm = useDeferredValue(range);
  const whole = useMemo(() => summarise(series, calm.from, calm.to), [series, calm]);
  const rows = useMemo(() => (isOpen ? stretches(series, calm.from, calm.to) : []), [isOpen, series, calm]);
  const decimals = decimalsOf(series.tag);
  const { unit } = series.tag;
  return (
    <>
      <p>
        {whole.count} readings from {shown(whole.least, decimals)} to {shown(whole.most, decimals)} {unit}, mean{" "}
        {shown(whole.mean, decimals)} {unit}; {whole.beyond} beyond an alarm limit, {whole.anomalies} judged anomalous.
      </p>
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>The same as a table</summary>
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="Values by time">
          <table>
            <caption className="unseen">Values of {series.tag.label} by time, the newest first</caption>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col" className="number">
                  Least
                </th>
                <th scope="col" className="number">
                  Mean
                </th>
                <th scope="col" className="number">
                  Most
                </th>
                <th scope="col" className="number">
                  Beyond limit
                </th>
                <th scope="col" className="number">
                  Anomalous
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.from}>
                  <th scope="row">
                    <Moment at={new Date(row.from).toISOString()} />
                  </th>
                  <td className="number">{shown(row.least, decimals)}</td>
                  <td className="number">{shown(row.mean, decimals)}</td>
                  <td className="number">{shown(row.most, decimals)}</td>
                  <td className="number">{row.beyond || "–"}</td>
                  <td className="number">{row.anomalies || "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
