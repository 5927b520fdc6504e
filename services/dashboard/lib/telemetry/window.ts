/**
 * The newest readings of one source, kept parsed: each poll asks Redis only for what is newer than the last
 * one seen. What came late, or was taken out again, shows in the count, and then all is read anew.
 */

const PAGE = 1_000;
/** Rows dropped at a time, so that the columns are not moved at each poll. */
const SLACK = 64;
/** Keys of a source are whatever it sends; beyond so many they are left out. */
const MOST_TAGS = 2_000;

export interface WindowReader {
  newest(source: string): Promise<number | null>;
  count(source: string, fromMs: number): Promise<number>;
  /** Payloads by time, oldest first, from a time (included, or not) on; at most `limit`. */
  page(source: string, fromMs: number, included: boolean, limit: number): Promise<[number, string][]>;
}

export class SourceWindow {
  /** Times of the rows, ascending. */
  times: number[] = [];
  /** Values by tag, one for each row; NaN where the reading has none. */
  columns = new Map<string, number[]>();
  /** Every member of the window, also those that are no readings: what the count is compared with. */
  private members: number[] = [];
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
    if (spanMs > this.spanMs) this.clear();
    this.spanMs = Math.max(spanMs, this.spanMs);
    const newest = await this.reader.newest(this.source);
    if (newest === null) return this.clear();
    const cut = newest - this.spanMs;
    if ((this.newestMs ?? 0) > newest || (this.members.at(-1) ?? 0) > newest) this.clear();
    await this.readOn(cut);
    this.drop(cut);
    if ((await this.missing(cut)) === this.surplus) return;
    this.clear();
    await this.readOn(cut);
    // What came while it was read shows at the next poll; what never fits must not be read again and again.
    this.surplus = await this.missing(cut);
  }

  private async missing(cut: number): Promise<number> {
    const upTo = this.members.length - firstAtOrAfter(this.members, cut);
    return (await this.reader.count(this.source, cut)) - upTo;
  }

  private async readOn(cut: number): Promise<void> {
    for (;;) {
      const last = this.members.at(-1);
      let page = await this.reader.page(this.source, last ?? cut, last === undefined, PAGE);
      const full = page.length === PAGE;
      const end = page.at(-1)?.[0];
      // Several members may share the last time: they belong to one page.
      if (full && page[0]?.[0] !== end) page = page.filter(([ms]) => ms !== end);
      for (const [ms, payload] of page) this.add(ms, payload);
      if (!full) return;
    }
  }

  private add(ms: number, payload: string): void {
    this.members.push(ms);
    const values = valuesOf(payload);
    if (!values || this.times.at(-1) === ms) return;
    const row = this.times.push(ms) - 1;
    for (const [tag, value] of values) {
      let column = this.columns.get(tag);
      if (!column) {
        if (this.columns.size >= MOST_TAGS) continue;
        this.columns.set(tag, (column = []));
      }
      while (column.length < row) column.push(NaN);
      column.push(value);
    }
    for (const column of this.columns.values()) if (column.length === row) column.push(NaN);
  }

  private drop(cut: number): void {
    const rows = firstAtOrAfter(this.times, cut);
    if (rows >= SLACK) {
      this.times = this.times.slice(rows);
      for (const [tag, column] of this.columns) this.columns.set(tag, column.slice(rows));
    }
    const members = firstAtOrAfter(this.members, cut);
    if (members >= SLACK) this.members = this.members.slice(members);
  }

  private clear(): void {
    this.times = [];
    this.columns = new Map();
    this.members = [];
    this.surplus = 0;
  }
}

/** Finite numbers by tag; null for what is no reading. */
export function valuesOf(payload: string): [string, number][] | null {
  let decoded: unknown;
  try {
    decoded = JSON.parse(payload);
  } catch {
    return null;
  }
  if (typeof decoded !== "object" || decoded === null || Array.isArray(decoded)) return null;
  const values = Object.entries(decoded).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
  );
  return values.length ? values : null;
}

function firstAtOrAfter(times: readonly number[], ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
