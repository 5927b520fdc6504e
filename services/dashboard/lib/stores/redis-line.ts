import "server-only";

/** One connection to Redis that heals itself, also where nothing says that it is broken. */

import { createClient, type RedisClientType } from "@redis/client";

import { StoreAway, reasonOf } from "../errors";
import { sayingNothing } from "../log";
import type { Settings } from "../settings";
import { redisSignIn } from "./redis-sign-in";
import { within } from "./within";

export type Client = RedisClientType<Record<string, never>, Record<string, never>, Record<string, never>, 2>;

/** How long an answer, or a sign-in, may take. */
export const USUAL_PATIENCE_MS = 5_000;

/** Who is told when a connection falls, and when it is up again; both once for each time. */
export interface Listener {
  fell(reason: string): void;
  rose(): void;
}

/** While it is down, what is asked fails at once with the reason; it is up as soon as Redis lets it in. */
export class Line {
  private client: Client;
  /** Settles with the first word of this connection, or with its end. */
  private first: Promise<unknown> = Promise.resolve();
  private failure = "it has not answered yet";
  private down = false;
  private closed = false;
  /** The connection stands and its sign-in is not answered yet; since when. */
  private signingInSince: number | null = null;

  constructor(
    private readonly chosen: Settings,
    private readonly patienceMs: number,
    private readonly listener: Listener,
  ) {
    this.client = this.connect();
  }

  async run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (Date.now() - (this.signingInSince ?? Infinity) > this.patienceMs) this.renew();
    const { client } = this;
    if (!client.isReady && !this.down) {
      await within(this.chosen.redisConnectTimeoutMs, this.first, () => this.away("it does not answer"));
    }
    if (!client.isReady) throw this.away(this.failure);
    try {
      return await within(this.patienceMs, work(client), () => this.unanswered(client));
    } catch (error) {
      if (error instanceof StoreAway) throw error;
      throw this.away(client === this.client ? reasonOf(error) : this.failure);
    }
  }

  get isDown(): boolean {
    return this.down;
  }

  close(): void {
    this.closed = true;
    if (this.client.isOpen) this.client.destroy();
  }

  /**
   * The connection may be dead without a word, as behind a gateway that forgot it. A new one finds out, costs a
   * Redis that merely stands still nothing, and is let in when that goes on; until then nobody waits for it.
   */
  private unanswered(client: Client): StoreAway {
    if (client === this.client) this.renew();
    return this.away(this.silence);
  }

  private renew(): void {
    const { client } = this;
    this.fell(this.silence);
    this.client = this.connect();
    client.destroy();
  }

  private connect(): Client {
    const client = clientOf(this.chosen);
    const ifOurs = (then: (said: unknown) => void) => (said?: unknown) => {
      if (client === this.client && !this.closed) then(said);
    };
    client.on("error", ifOurs((error) => this.fell(reasonOf(error))));
    client.on("connect", ifOurs(() => (this.signingInSince = Date.now())));
    client.on("ready", ifOurs(() => this.rose()));
    this.signingInSince = null;
    this.first = new Promise((settled) => {
      client.once("ready", settled);
      client.once("error", settled);
    });
    sayingNothing(() => client.connect()).catch(ifOurs((error) => this.fell(reasonOf(error))));
    return client;
  }

  private get silence(): string {
    return `no answer within ${this.patienceMs / 1000} s`;
  }

  private away(reason: string): StoreAway {
    return new StoreAway("redis", `Redis cannot be asked: ${reason}.`.replace(/\.\.$/, "."));
  }

  private fell(reason: string): void {
    this.failure = reason;
    this.signingInSince = null;
    if (this.down) return;
    this.down = true;
    this.listener.fell(reason);
  }

  private rose(): void {
    this.signingInSince = null;
    if (!this.down) return;
    this.down = false;
    this.listener.rose();
  }
}

function clientOf(chosen: Settings): Client {
  const { host, port, tls, username, password, database } = chosen.redis;
  return createClient({
    RESP: 2,
    socket: {
      host,
      port,
      ...(tls ? { tls: true as const, servername: host } : {}),
      connectTimeout: chosen.redisConnectTimeoutMs,
      reconnectStrategy: (tries) => Math.min(1_000, 100 * 2 ** Math.min(tries, 4)),
    },
    database,
    ...(password === undefined && tls
      ? { credentialsProvider: redisSignIn(chosen.identityClientId) }
      : { username, password }),
    disableOfflineQueue: true,
    pingInterval: 30_000,
  }) as Client;
}
