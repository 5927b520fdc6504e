/** Readings of one source as Redis would hand them out, from an array. */

import type { WindowReader } from "../lib/telemetry/window";

export class PaperReader implements WindowReader {
  asked = 0;
  constructor(public members: [number, string][]) {}
  async newest() {
    return this.members.length ? Math.max(...this.members.map(([ms]) => ms)) : null;
  }
  async count(_source: string, fromMs: number, toMs: number) {
    return this.members.filter(([ms]) => ms >= fromMs && ms <= toMs).length;
  }
  async page(_source: string, fromMs: number, included: boolean, limit: number): Promise<[number, string][]> {
    const found = this.members
      .filter(([ms]) => (included ? ms >= fromMs : ms > fromMs))
      .sort(([one], [other]) => one - other)
      .slice(0, limit);
    this.asked += found.length;
    return found;
  }
}

/** A reading of one tag `A`, whose value is its time. */
export const reading = (ms: number): [number, string] => [ms, JSON.stringify({ A: ms })];
