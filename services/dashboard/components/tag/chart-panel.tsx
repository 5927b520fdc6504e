"use client";

import { useMemo, useState, type KeyboardEvent } from "react";
import type { TagSeries } from "@/lib/types";
import { decimalsOf, shown } from "../numbers";
import { Moment } from "../time/moment";
import { lasting } from "../time/words";
import { Chart } from "./chart";
import { moved, newest, type Move, type Range } from "./range";
import styles from "./tag.module.css";
import { ValueTable } from "./value-table";

const HOUR_MS = 3_600_000;
const KEYS: Record<string, Move> = {
  "+": "in",
  "=": "in",
  "-": "out",
  ArrowLeft: "earlier",
  ArrowRight: "later",
  "0": "all",
};

/** The day as a chart, what moves it, and the same as a table. */
export function ChartPanel({ series }: { series: TagSeries }) {
  const [chosen, setChosen] = useState<Range | null>(null);
  const [point, setPoint] = useState<number | null>(null);
  const all = useMemo(() => reachOf(series), [series]);
  const range = chosen ?? all;

  function move(how: Move) {
    setChosen(how === "all" ? null : moved(range, how, all));
  }

  function onKey(event: KeyboardEvent) {
    const how = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!how) return;
    event.preventDefault();
    move(how);
  }

  return (
    <section aria-labelledby="chart" className="panel stack">
      <div className="row">
        <h2 id="chart">Last 24 hours</h2>
        <Moves
          onMove={move}
          onLength={(hours) => setChosen(hours === 24 ? null : newest(hours * HOUR_MS, all))}
          isWhole={chosen === null}
        />
      </div>
      <div
        className={styles.chart}
        role="group"
        tabIndex={0}
        aria-label="Chart. Plus and minus zoom, arrow left and right move, 0 shows all. The table below has the values."
        onKeyDown={onKey}
        onDoubleClick={() => setChosen(null)}
      >
        <Chart series={series} range={range} onSelect={setChosen} onPoint={setPoint} />
      </div>
      <Reading series={series} index={point} />
      <p className="muted fine" data-testid="range">
        Shown: <Moment at={iso(range.from)} length="date-time" /> to <Moment at={iso(range.to)} length="date-time" /> (
        {lasting(range.to - range.from)})
      </p>
      <ValueTable series={series} range={range} />
    </section>
  );
}

function Moves(props: { onMove: (move: Move) => void; onLength: (hours: number) => void; isWhole: boolean }) {
  return (
    <div className={styles.moves} role="group" aria-label="Zoom and move the chart">
      {[1, 6, 24].map((hours) => (
        <button key={hours} type="button" onClick={() => props.onLength(hours)}>
          {hours} h
        </button>
      ))}
      <button type="button" onClick={() => props.onMove("in")} aria-label="Zoom in">
        +
      </button>
      <button type="button" onClick={() => props.onMove("out")} aria-label="Zoom out" disabled={props.isWhole}>
        −
      </button>
      <button type="button" onClick={() => props.onMove("earlier")} disabled={props.isWhole}>
        ← Earlier
      </button>
      <button type="button" onClick={() => props.onMove("later")} disabled={props.isWhole}>
        Later →
      </button>
    </div>
  );
}

/** The reading under the pointer; else what the lines mean. */
function Reading({ series, index }: { series: TagSeries; index: number | null }) {
  const at = index === null ? undefined : series.points.t[index];
  if (index === null || at === undefined) return <Key hasBand={series.band !== null} />;
  const decimals = decimalsOf(series.tag);
  return (
    <p className={styles.under} aria-hidden="true">
      <Moment at={iso(at)} length="date-time" /> <strong>{shown(series.points.v[index], decimals)}</strong>{" "}
      {series.tag.unit}
    </p>
  );
}

function Key({ hasBand }: { hasBand: boolean }) {
  return (
    <ul className={styles.key}>
      <li data-key="value">value</li>
      <li data-key="limit">alarm limit</li>
      {hasBand && <li data-key="band">expected band</li>}
      <li data-key="anomaly">◆ judged anomalous</li>
      <li className="muted">Draw over the chart to zoom; double-click shows all.</li>
    </ul>
  );
}

function reachOf(series: TagSeries): Range {
  const to = series.points.t.at(-1) ?? Date.parse(series.freshness.checkedAt);
  return { from: Math.min(series.points.t[0] ?? to, to - HOUR_MS / 60), to };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
