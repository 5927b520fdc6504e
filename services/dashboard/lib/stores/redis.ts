import "server-only";

/**
 * The door to Redis: two connections at most for the process. node-redis sends many commands along one;
 * the second is for long reads, so that a day of readings does not hold up what is asked each ten seconds.
 */

import { createClient, type RedisClientType } from "@redis/client";

import { StoreAway, reasonOf } from "../errors";
import { log } from "../log";
import { settings, type Settings } from "../settings";
import { once } from "./once";
import { redisSignIn } from "./redis-sign-in";
import { within } from "./within";

export const REDIS_TIMEOUT_MS = 5_000;
const REST_MS = 3_000;
const SILENT = `no answer within ${REDIS_TIMEOUT_MS / 1000} s`;

type Client = RedisClientType<Record<string, never>, Record<string, never>, Record<string, never>, 2>;
export type Lane = "quick" | "long";

/** Run commands; throws StoreAway with the reason when Redis does not do its part within 5 s. */
export async function redis<T>(work: (client: Client) => Promise<T>, lane: Lane = "quick"): Promise<T> {
  const line = once("redis", () => new RedisLines(settings()));
  return line.run(work, lane);
}

export class RedisLines {
  private readonly lines = new Map<Lane, Line>();

  constructor(private readonly chosen: Settings) {}

  async run<T>(work: (client: Client) => Promise<T>, lane: Lane): Promise<T> {
    const name = this.chosen.redisPoolSize > 1 ? lane : "quick";
    let line = this.lines.get(name);
    if (!line) this.lines.set(name, (line = new Line(this.chosen)));
    return line.run(work);
  }

  close(): void {
    for (const line of this.lines.values()) line.close();
    this.lines.clear();
  }
}

/** One connection that heals itself; while it is down, what is asked fails at once with the reason. */
class Line {
  private readonly client: Client;
  private readonly first: Promise<unknown>;
  private failure = "it has not answered yet";
  private down = false;
  /** It took a question and gave no answer: whoever asks next is told at once. */
  private restsUntil = 0;

  constructor(private readonly chosen: Settings) {
    const { host, port, tls, username, password, database } = chosen.redis;
    this.client = createClient({
      RESP: 2,
      socket: {
        host,
        port,
        ...(tls ? { tls: true as const, servername: host } : {}),
        connectTimeout: chosen.redisConnectTimeoutMs,
        reconnectStrategy: (tries) => Math.min(2_000, 100 * 2 ** Math.min(tries, 5)),
      },
      database,
      ...(password === undefined && tls
        ? { credentialsProvider: redisSignIn(chosen.identityClientId) }
        : { username, password }),
      disableOfflineQueue: true,
      pingInterval: 30_000,
    }) as Client;
    this.client.on("error", (error: unknown) => this.fell(reasonOf(error)));
    this.client.on("ready", () => this.rose());
    this.first = new Promise((settled) => {
      this.client.once("ready", settled);
      this.client.once("error", settled);
    });
    this.client.connect().catch((error: unknown) => this.fell(reasonOf(error)));
  }

  async run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (!this.client.isReady && !this.down) {
      await within(this.chosen.redisConnectTimeoutMs, this.first, () => this.away("it does not answer"));
    }
    if (!this.client.isReady) throw this.away(this.failure);
    if (Date.now() < this.restsUntil) throw this.away(SILENT);
    try {
      return await within(REDIS_TIMEOUT_MS, work(this.client), () => {
        this.restsUntil = Date.now() + REST_MS;
        return this.away(SILENT);
      });
    } catch (error) {
      if (error instanceof StoreAway) throw error;
      throw this.away(reasonOf(error));
    }
  }

  close(): void {
    this.client.destroy();
  }

  private away(reason: string): StoreAway {
    return new StoreAway("redis", `Redis cannot be asked: ${reason}.`.replace(/\.\.$/, "."));
  }

  private fell(reason: string): void {
    this.failure = reason;
    if (!this.down) log("warning", `Redis is away: ${reason}`, { part: "redis" });
    this.down = true;
  }

  private rose(): void {
    if (this.down) log("info", "Redis is back", { part: "redis" });
    this.down = false;
  }
}
