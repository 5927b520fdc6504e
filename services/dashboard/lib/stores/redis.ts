import "server-only";

/**
 * The door to Redis: at most REDIS_POOL_SIZE connections of this process. node-redis sends many commands along one,
 * so that all that is quick shares the first; a long read has another to itself while it lasts, so that days of
 * readings hold up neither each other nor what is asked each ten seconds.
 */

import { settings, type Settings } from "../settings";
import { once } from "./once";
import { Line, USUAL_PATIENCE_MS, type Client } from "./redis-line";

export type Lane = "quick" | "long";

/** Run commands; throws StoreAway with the reason when Redis does not do its part within 5 s. */
export async function redis<T>(work: (client: Client) => Promise<T>, lane: Lane = "quick"): Promise<T> {
  const lines = once("redis", () => new RedisLines(settings()));
  return lines.run(work, lane);
}

export class RedisLines {
  /** The first is for what is quick; they are opened when they are needed. */
  private readonly lines: { line: Line; reads: number }[] = [];

  constructor(
    private readonly chosen: Settings,
    private readonly patienceMs = USUAL_PATIENCE_MS,
  ) {}

  async run<T>(work: (client: Client) => Promise<T>, lane: Lane): Promise<T> {
    const quick = this.lines[0] ?? this.opened();
    const taken = lane === "quick" ? quick : this.freest();
    taken.reads++;
    try {
      return await taken.line.run(work);
    } finally {
      taken.reads--;
    }
  }

  close(): void {
    for (const { line } of this.lines.splice(0)) line.close();
  }

  private freest() {
    const [quick, ...others] = this.lines;
    const isFull = this.lines.length >= this.chosen.redisPoolSize;
    const idle = others.find(({ reads }) => reads === 0);
    if (idle) return idle;
    if (!isFull) return this.opened();
    return others.sort((one, other) => one.reads - other.reads)[0] ?? quick ?? this.opened();
  }

  private opened() {
    const added = { line: new Line(this.chosen, this.patienceMs), reads: 0 };
    this.lines.push(added);
    return added;
  }
}
