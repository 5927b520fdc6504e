import "server-only";

/**
 * The door to Redis: at most REDIS_POOL_SIZE connections of this process. node-redis sends many commands along one,
 * so that all that is quick shares the first; a long read has another to itself while it lasts, so that days of
 * readings hold up neither each other nor what is asked each ten seconds. One that was not needed for minutes is closed.
 */

import { log } from "../log";
import { settings, type Settings } from "../settings";
import { once } from "./once";
import { Line, USUAL_PATIENCE_MS, type Client } from "./redis-line";

export type Lane = "quick" | "long";

const IDLE_MS = 180_000;

interface Opened {
  line: Line;
  reads: number;
  /** Closes it when it was idle for long. */
  closing?: NodeJS.Timeout;
}

/** Run commands; throws StoreAway with the reason when Redis does not do its part within 5 s. */
export async function redis<T>(work: (client: Client) => Promise<T>, lane: Lane = "quick"): Promise<T> {
  const lines = once("redis", () => new RedisLines(settings()));
  return lines.run(work, lane);
}

export class RedisLines {
  /** The first is for what is quick; they are opened when they are needed. */
  private readonly lines: Opened[] = [];
  private isAway = false;

  constructor(
    private readonly chosen: Settings,
    private readonly patienceMs = USUAL_PATIENCE_MS,
    private readonly idleMs = IDLE_MS,
  ) {}

  async run<T>(work: (client: Client) => Promise<T>, lane: Lane): Promise<T> {
    const quick = this.lines[0] ?? this.opened();
    const taken = lane === "quick" ? quick : this.freest();
    taken.reads++;
    clearTimeout(taken.closing);
    try {
      return await taken.line.run(work);
    } finally {
      taken.reads--;
      if (taken !== quick && taken.reads === 0) taken.closing = setTimeout(() => this.close(taken), this.idleMs).unref();
    }
  }

  /** All of them, or one. */
  close(one?: Opened): void {
    for (const each of one ? [one] : [...this.lines]) {
      clearTimeout(each.closing);
      each.line.close();
      this.lines.splice(this.lines.indexOf(each), 1);
    }
  }

  private freest(): Opened {
    const [quick, ...others] = this.lines;
    const isFull = this.lines.length >= this.chosen.redisPoolSize;
    const idle = others.find(({ reads }) => reads === 0);
    if (idle) return idle;
    if (!isFull) return this.opened();
    return others.sort((one, other) => one.reads - other.reads)[0] ?? quick ?? this.opened();
  }

  private opened(): Opened {
    const listener = { fell: (reason: string) => this.fell(reason), rose: () => this.rose() };
    const added = { line: new Line(this.chosen, this.patienceMs, listener), reads: 0 };
    this.lines.push(added);
    return added;
  }

  /** Said once, however many connections find it out. */
  private fell(reason: string): void {
    if (!this.isAway) log("warning", `Redis is away: ${reason}`, { part: "redis" });
    this.isAway = true;
  }

  private rose(): void {
    if (!this.isAway || this.lines.some(({ line }) => line.isDown)) return;
    log("info", "Redis is back", { part: "redis" });
    this.isAway = false;
  }
}
