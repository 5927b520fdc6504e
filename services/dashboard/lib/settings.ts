/** What the server reads from its environment; the names are those that Terraform sets. */

export interface RedisAddress {
  host: string;
  port: number;
  tls: boolean;
  username?: string;
  password?: string;
  database?: number;
}

export interface CosmosAddress {
  endpoint: string;
  /** Absent: Entra signs in. */
  key?: string;
}

export interface Settings {
  redis: RedisAddress;
  cosmos: CosmosAddress;
  cosmosDatabase: string;
  detectorsEndpoint: string;
  redisPoolSize: number;
  redisConnectTimeoutMs: number;
  retentionMs: number;
  identityClientId: string;
  environment: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const TLS_PORTS = new Set([6380, 10000]);

/** Read them all; throws with the name of the variable at fault, and never with its value. */
export function readSettings(from: Environment): Settings {
  return {
    redis: parseRedis(from.REDIS_CONNECTION_STRING ?? ""),
    cosmos: parseCosmos(from.COSMOS_DB_CONNECTION_STRING ?? ""),
    cosmosDatabase: from.COSMOS_DB_DATABASE || "anomaly-detection",
    detectorsEndpoint: (from.FASTAPI_ENDPOINT ?? "").trim().replace(/\/+$/, ""),
    redisPoolSize: numberIn(from, "REDIS_POOL_SIZE", 16, 1, 1000),
    redisConnectTimeoutMs: numberIn(from, "REDIS_CONNECT_TIMEOUT_MS", 5000, 1, 600_000),
    retentionMs: numberIn(from, "RETENTION_HOURS", 24, 0.001, 24 * 90) * 3_600_000,
    identityClientId: (from.AZURE_CLIENT_ID ?? "").trim(),
    environment: environmentName(from),
  };
}

/** `host:port,password=…,ssl=True`, or a redis:// URL; without a password Entra signs in. */
export function parseRedis(text: string): RedisAddress {
  text = text.trim();
  if (/^rediss?:\/\//.test(text)) return parseRedisUrl(text);
  if (!text || text.includes("://")) throw unreadable("REDIS_CONNECTION_STRING");
  const [address = "", ...options] = text.split(",");
  const [, host = "", portText = "6380"] = /^\s*(.+?)(?::(\d+))?\s*$/.exec(address) ?? [];
  const port = Number(portText);
  if (!host || host.includes(":") || port < 1 || port > 65_535) throw unreadable("REDIS_CONNECTION_STRING");
  const found: RedisAddress = { host, port, tls: TLS_PORTS.has(port) };
  for (const option of options) {
    // A password may hold "=" itself.
    const at = option.indexOf("=");
    const name = option.slice(0, at).trim().toLowerCase();
    const value = option.slice(at + 1);
    if (name === "password") found.password = value.trimEnd();
    else if (name === "user" || name === "username") found.username = value.trim();
    else if (name === "ssl") found.tls = value.trim().toLowerCase() === "true";
  }
  return found;
}

/** `AccountEndpoint=…;AccountKey=…;`, or the endpoint alone for Entra. */
export function parseCosmos(text: string): CosmosAddress {
  text = text.trim();
  if (/^https?:\/\//.test(text) && !text.includes(";")) return { endpoint: text };
  const parts = new Map<string, string>();
  for (const piece of text.split(";")) {
    const at = piece.indexOf("=");
    if (at > 0) parts.set(piece.slice(0, at).trim().toLowerCase(), piece.slice(at + 1).trim());
  }
  const endpoint = parts.get("accountendpoint") ?? "";
  if (!/^https?:\/\//.test(endpoint)) throw unreadable("COSMOS_DB_CONNECTION_STRING");
  return { endpoint, key: parts.get("accountkey") || undefined };
}

/** The name that is shown; `local` unless something says otherwise. */
export function environmentName(from: Environment): string {
  return (from.ANOMALYCTL_ENV || "local").trim();
}

let known: Settings | undefined;

/** This process' settings, read once. */
export function settings(): Settings {
  return (known ??= readSettings(process.env));
}

function parseRedisUrl(text: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw unreadable("REDIS_CONNECTION_STRING");
  }
  const database = /^\/(\d+)$/.exec(url.pathname)?.[1];
  return {
    host: url.hostname.replace(/^\[|\]$/g, "") || "127.0.0.1",
    port: Number(url.port || 6379),
    tls: url.protocol === "rediss:",
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(database ? { database: Number(database) } : {}),
  };
}

function numberIn(from: Environment, name: string, usual: number, least: number, most: number): number {
  const text = from[name]?.trim();
  if (!text) return usual;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new Error(`${name} must be a number from ${least} to ${most}.`);
  }
  return value;
}

function unreadable(name: string): Error {
  return new Error(`${name} is missing or cannot be read.`);
}
