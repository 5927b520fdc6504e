/**
 * What the statistical tier expects of one tag, reading by reading: `ResidualScorer` of
 * `anomalyctl/detection/residuals.py`, for a single column. It starts cold at the window's beginning, where the
 * detector remembers more; after some time constants the two agree.
 */

import { BASELINE_LARGEST_STEP, BASELINE_SETTLED, BASELINE_TIME_CONSTANT_S } from "../generated/types";
import type { Band } from "../types";
import type { ResidualModel } from "./model-archive";

const MOST_LEAST_ROWS = 4_000;
const USUAL_CADENCE_S = 10;

/** From `fromMs` on; null where the model does not judge the tag. A value outside would alarm by itself. */
export function expectedBand(
  model: ResidualModel,
  tag: string,
  times: readonly number[],
  values: readonly number[],
  fromMs: number,
): Band | null {
  const at = model.tags.indexOf(tag);
  if (at < 0) return null;
  const centre = model.centre[at] as number;
  const scale = model.scale[at] as number;
  const [first, second] = [model.lags[0][at] as number, model.lags[1][at] as number];
  const reach = scale * (model.sigma[at] as number) * (model.tail[at] as number) * model.spikeLimit;
  if (!Number.isFinite(reach) || reach <= 0) return null;
  const baseline = new Baseline(model.cadenceSeconds);
  const band: Band = { t: [], lower: [], upper: [] };
  for (let row = 0; row < times.length; row++) {
    const settled = baseline.seen >= BASELINE_SETTLED;
    const predicted = first * baseline.before + second * baseline.earlier;
    const expected = centre + scale * (baseline.ahead + (Number.isNaN(predicted) ? 0 : predicted));
    baseline.learn(((values[row] as number) - centre) / scale);
    if (settled && (times[row] as number) >= fromMs) {
      band.t.push(times[row] as number);
      band.lower.push(expected - reach);
      band.upper.push(expected + reach);
    }
  }
  return band.t.length ? band : null;
}

/** Damped trend of a standardised value, as in `anomalyctl/detection/baseline.py`. */
class Baseline {
  seen = 0;
  before = NaN;
  earlier = NaN;
  private absent = 0;
  private level = 0;
  private slope = 0;
  private readonly gain: number;
  private readonly slopeGain: number;
  private readonly memoryRows: number;

  constructor(cadenceSeconds: number) {
    const rows = BASELINE_TIME_CONSTANT_S / cadenceSeconds;
    const slower = Math.max(1, cadenceSeconds / USUAL_CADENCE_S);
    this.memoryRows = Math.max(rows, Math.min(MOST_LEAST_ROWS, rows * slower * slower));
    const forget = 1 - Math.min(0.5, 1 / this.memoryRows);
    this.gain = 1 - forget * forget;
    this.slopeGain = (1 - forget) ** 2;
  }

  get ahead(): number {
    return this.level + this.slope;
  }

  learn(value: number): void {
    const present = !Number.isNaN(value);
    const isNew = this.seen === 0;
    const deviation = isNew ? (present ? 0 : NaN) : value - this.ahead;
    const step = present ? deviation : 0;
    const pull = Math.min(BASELINE_LARGEST_STEP, Math.max(-BASELINE_LARGEST_STEP, step));
    const gain = Math.max(this.gain, 1 / (this.seen + 1));
    this.level = isNew && present ? value : this.level + (present ? this.slope : 0) + gain * pull;
    this.slope += this.seen >= this.memoryRows / 2 ? this.slopeGain * pull : 0;
    this.seen += present ? 1 : 0;
    this.absent = present ? 0 : this.absent + 1;
    if (this.absent > this.memoryRows) this.seen = this.slope = 0;
    this.earlier = this.before;
    this.before = deviation;
  }
}
