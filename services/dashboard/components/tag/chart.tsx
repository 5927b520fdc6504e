"use client";

import "uplot/dist/uPlot.min.css";
import { useEffect, useMemo, useRef } from "react";
import type { TagSeries } from "@/lib/types";
import { useZone } from "../time/zone";
import { aligned } from "./aligned";
import type { Plot } from "./plot";
import type { Range } from "./range";
import styles from "./tag.module.css";

interface Wishes {
  series: TagSeries;
  range: Range;
  onSelect: (range: Range) => void;
  onPoint: (index: number | null) => void;
}

/** The chart. Its library is fetched after the page is shown; the table below says the same in words. */
export function Chart({ series, range, onSelect, onPoint }: Wishes) {
  const home = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const { name: zone } = useZone();
  const data = useMemo(() => aligned(series), [series]);
  const latest = useRef({ data, range, zone, onSelect, onPoint, tag: series.tag });
  useEffect(() => {
    latest.current = { data, range, zone, onSelect, onPoint, tag: series.tag };
  });

  useEffect(() => {
    const element = home.current;
    if (!element) return undefined;
    let gone = false;
    const redraw = () => plot.current?.redraw(latest.current.zone);
    const resized = new ResizeObserver(() => plot.current?.size(element.clientWidth, element.clientHeight));
    const themed = new MutationObserver(redraw);
    const system = matchMedia("(prefers-color-scheme: dark)");
    void import("./plot").then(({ drawPlot }) => {
      if (gone) return;
      const { data: now, range: shown, tag } = latest.current;
      plot.current = drawPlot(element, now, shown, {
        limits: tag.limits,
        unit: tag.unit,
        zone: latest.current.zone,
        width: element.clientWidth,
        height: element.clientHeight,
        onSelect: (next) => latest.current.onSelect(next),
        onPoint: (index) => latest.current.onPoint(index),
      });
      resized.observe(element);
      themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      system.addEventListener("change", redraw);
    });
    return () => {
      gone = true;
      resized.disconnect();
      themed.disconnect();
      system.removeEventListener("change", redraw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => plot.current?.show(data, range), [data, range]);
  useEffect(() => plot.current?.redraw(zone), [zone]);

  return <div ref={home} className={styles.plot} aria-hidden="true" />;
}
