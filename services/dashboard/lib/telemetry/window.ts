/**
 * The newest readings of one source, kept parsed: each poll asks Redis only for what is newer than the last
 * one seen. What came late, or was taken out again, shows in the count, and then all is read anew.
 */

import { firstAtOrAfter, Rows } from "./rows";

const PAGE = 1_000;

export interface WindowReader {
  newest(source: string): Promise<number | null>;
  /** How many payloads there are between two times, both included. */
  count(source: string, fromMs: number, toMs: number): Promise<number>;
  /** Payloads by time, oldest first, from a time (included, or not) on; at most `limit`. */
  page(source: string, fromMs: number, included: boolean, limit: number): Promise<[number, string][]>;
}

export class SourceWindow {
  private rows = new Rows();
  private spanMs = 0;
  private surplus = 0;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    readonly source: string,
    private readonly reader: WindowReader,
  ) {}

  /** Bring the last `spanMs` up to date; callers at the same time share the work. Throws what the reader throws. */
  refresh(spanMs: number): Promise<void> {
    const next = this.turn.then(() => this.update(spanMs));
    this.turn = next.catch(() => undefined);
    return next;
  }

  /** Times of the rows, ascending. */
  get times(): readonly number[] {
    return this.rows.times;
  }

  /** Values by tag, one for each row; NaN where the reading has none. A tag that none of them has, has no column. */
  get columns(): ReadonlyMap<string, readonly number[]> {
    return this.rows.columns;
  }

  get newestMs(): number | null {
    return this.times.at(-1) ?? null;
  }

  /** Index of the first row at or after a time. */
  from(ms: number): number {
    return firstAtOrAfter(this.times, ms);
  }

  /** The newest value of a tag and its time. */
  latest(tag: string): { ms: number; value: number } | null {
    const column = this.columns.get(tag);
    if (!column) return null;
    for (let row = column.length - 1; row >= 0; row--) {
      const value = column[row] as number;
      if (!Number.isNaN(value)) return { ms: this.times[row] as number, value };
    }
    return null;
  }

  private async update(spanMs: number): Promise<void> {
    const newest = await this.reader.newest(this.source);
    if (newest === null) {
      this.rows = new Rows();
      return;
    }
    const cut = newest - Math.max(spanMs, this.spanMs);
    if (spanMs <= this.spanMs && (this.rows.members.at(-1) ?? 0) <= newest) {
      await this.readOn(this.rows, cut);
      this.rows.drop(cut);
      if ((await this.missing(this.rows, cut)) === this.surplus) return;
    }
    await this.readAnew(cut);
    this.spanMs = Math.max(spanMs, this.spanMs);
  }

  /** Aside, and in one step in their place: whoever looks meanwhile sees the rows of before, and never half of them. */
  private async readAnew(cut: number): Promise<void> {
    const rows = new Rows();
    await this.readOn(rows, cut);
    // What never fits must not be read again and again.
    this.surplus = await this.missing(rows, cut);
    this.rows = rows;
  }

  /** How many more there are, up to the last one that was read: what came since is no reason to read all anew. */
  private async missing(rows: Rows, cut: number): Promise<number> {
    const last = rows.members.at(-1);
    if (last === undefined || last < cut) return 0;
    return (await this.reader.count(this.source, cut, last)) - rows.countFrom(cut);
  }

  private async readOn(rows: Rows, cut: number): Promise<void> {
    for (;;) {
      const last = rows.members.at(-1);
      let page = await this.reader.page(this.source, last ?? cut, last === undefined, PAGE);
      const full = page.length === PAGE;
      const end = page.at(-1)?.[0];
      // Several members may share the last time: they belong to one page.
      if (full && page[0]?.[0] !== end) page = page.filter(([ms]) => ms !== end);
      for (const [ms, payload] of page) rows.add(ms, payload);
      if (!full) return;
    }
  }
}
