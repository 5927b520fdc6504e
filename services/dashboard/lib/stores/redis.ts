import "server-only";

/**
 * The door to Redis: two connections at most for the process. node-redis sends many commands along one;
 * the second is for long reads, so that a day of readings does not hold up what is asked each ten seconds.
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
  private readonly lines = new Map<Lane, Line>();

  constructor(
    private readonly chosen: Settings,
    private readonly patienceMs = USUAL_PATIENCE_MS,
  ) {}

  async run<T>(work: (client: Client) => Promise<T>, lane: Lane): Promise<T> {
    const name = this.chosen.redisPoolSize > 1 ? lane : "quick";
    let line = this.lines.get(name);
    if (!line) this.lines.set(name, (line = new Line(this.chosen, this.patienceMs)));
    return line.run(work);
  }

  close(): void {
    for (const line of this.lines.values()) line.close();
    this.lines.clear();
  }
}
