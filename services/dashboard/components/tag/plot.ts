import uPlot from "uplot";
import type { Limits } from "@/lib/types";
import { limitsOf } from "../numbers";
import { momentIn } from "../time/words";
import type { Aligned } from "./aligned";
import type { Range } from "./range";

/** A chart drawn by uPlot: made for time series, quick with 8,640 points and more. */
export interface Plot {
  show: (data: Aligned, range: Range) => void;
  size: (width: number, height: number) => void;
  /** Take the colours anew: light became dark, or the zone another. */
  redraw: (zone: string) => void;
  destroy: () => void;
}

interface Wishes {
  limits: Limits;
  unit: string;
  zone: string;
  width: number;
  height: number;
  /** The operator drew a stretch with the pointer. */
  onSelect: (range: Range) => void;
  /** The row under the pointer; null where there is none. */
  onPoint: (index: number | null) => void;
}

export function drawPlot(home: HTMLElement, data: Aligned, range: Range, wishes: Wishes): Plot {
  let zone = wishes.zone;
  let ink = inkOf(home);
  let wished = seconds(range);
  const axis = (): Partial<uPlot.Axis> => ({
    stroke: () => ink.muted,
    grid: { stroke: () => ink.line, width: 1 },
    ticks: { stroke: () => ink.line, width: 1 },
    font: `${rem(0.8)}px ${ink.font}`,
  });
  const plot = new uPlot(
    {
      width: wishes.width,
      height: wishes.height,
      legend: { show: false },
      padding: [rem(0.75), rem(3.25), 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 9 }, y: false },
      scales: {
        x: { time: true, range: () => wished },
        y: { range: (_plot, least, most) => reach(wishes.limits, least, most) },
      },
      axes: [
        {
          ...axis(),
          space: rem(5),
          values: (_plot, splits, _index, _space, step) =>
            splits.map((split) => momentIn(zone, split * 1000, step < 60 ? "time" : "minute")),
        },
        { ...axis(), size: rem(4.2), label: wishes.unit, labelFont: `${rem(0.8)}px ${ink.font}`, labelSize: rem(1.3) },
      ],
      bands: [{ series: [2, 1], fill: () => ink.band }],
      series: [
        {},
        { stroke: "transparent", points: { show: false } },
        { stroke: "transparent", points: { show: false } },
        { stroke: () => ink.pen, width: 1.5, points: { show: false } },
        { stroke: () => ink.anomaly, width: 3, points: { show: false } },
      ],
      hooks: {
        drawSeries: [
          (drawn, index) => {
            if (index === 4) drawMarks(drawn, data, ink.anomaly);
          },
        ],
        drawAxes: [(drawn) => drawLimits(drawn, wishes.limits, ink)],
        setSelect: [
          (drawn) => {
            if (drawn.select.width < 4) return;
            const [from, to] = [drawn.select.left, drawn.select.left + drawn.select.width];
            wishes.onSelect({ from: drawn.posToVal(from, "x") * 1000, to: drawn.posToVal(to, "x") * 1000 });
            drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [(drawn) => wishes.onPoint(drawn.cursor.idx ?? null)],
      },
    },
    data as unknown as uPlot.AlignedData,
    home,
  );
  return {
    show(news, next) {
      data = news;
      wished = seconds(next);
      plot.setData(news as unknown as uPlot.AlignedData, true);
    },
    size: (width, height) => plot.setSize({ width, height }),
    redraw(next) {
      zone = next;
      ink = inkOf(home);
      plot.redraw(false, true);
    },
    destroy: () => plot.destroy(),
  };
}

type Ink = ReturnType<typeof inkOf>;

/** The page's colours as a canvas understands them: a custom property has to be asked for through a colour. */
function inkOf(home: HTMLElement) {
  const probe = home.appendChild(document.createElement("span"));
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const ink = {
    pen: colour("pen"),
    band: colour("band"),
    limit: colour("limit"),
    line: colour("line"),
    muted: colour("muted"),
    anomaly: colour("anomaly-edge"),
    font: getComputedStyle(home).fontFamily,
  };
  probe.remove();
  return ink;
}

/** Values and the limits next to them; the outer limits only where values come near. */
function reach({ LL, L, H, HH }: Limits, least: number | null, most: number | null): uPlot.Range.MinMax {
  let low = Math.min(least ?? Infinity, L ?? Infinity);
  let high = Math.max(most ?? -Infinity, H ?? -Infinity);
  if (LL !== null && L !== null && (least ?? Infinity) < L) low = Math.min(low, LL);
  if (HH !== null && H !== null && (most ?? -Infinity) > H) high = Math.max(high, HH);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

function drawLimits(plot: uPlot, limits: Limits, ink: Ink): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `600 ${rem(0.8) * devicePixelRatio}px ${ink.font}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  ctx.strokeStyle = ctx.fillStyle = ink.limit;
  ctx.lineWidth = devicePixelRatio;
  for (const [name, limit] of limitsOf(limits)) {
    const y = plot.valToPos(limit, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.setLineDash(name.length === 2 ? [] : [6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(`${name} ${limit}`, bbox.left + bbox.width + 4 * devicePixelRatio, y);
  }
  ctx.restore();
}

/** A diamond for each anomalous reading, as far as they do not touch each other. */
function drawMarks(plot: uPlot, data: Aligned, colour: string): void {
  const { ctx, bbox } = plot;
  const size = 4.5 * devicePixelRatio;
  let before = -Infinity;
  ctx.save();
  ctx.fillStyle = colour;
  data[4].forEach((value, index) => {
    if (value === null) return;
    const x = plot.valToPos(data[0][index] ?? 0, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width || x - before < 2.5 * size) return;
    const y = plot.valToPos(value, "y", true);
    before = x;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.fill();
  });
  ctx.restore();
}

function seconds({ from, to }: Range): [number, number] {
  return [from / 1000, to / 1000];
}

function rem(count: number): number {
  return count * parseFloat(getComputedStyle(document.documentElement).fontSize);
}
