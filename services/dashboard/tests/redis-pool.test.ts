import assert from "node:assert/strict";
import { test } from "node:test";

import { RedisLines } from "../lib/stores/redis";
import { readSettings } from "../lib/settings";
import { PaperRedis } from "./paper-redis";

/** How many connections five long reads at once make, and that what is quick waits for none of them. */
async function connectionsOf(poolSize: number): Promise<number> {
  const redis = await PaperRedis.start();
  const lines = new RedisLines(
    readSettings({
      REDIS_CONNECTION_STRING: `127.0.0.1:${redis.port},password=x,ssl=False`, // pragma: allowlist secret
      COSMOS_DB_CONNECTION_STRING: "https://nowhere.example/",
      REDIS_POOL_SIZE: String(poolSize),
    }),
    60_000,
  );
  try {
    redis.slow = "GET";
    const reads = Array.from({ length: 5 }, () => lines.run((client) => client.get("a day"), "long"));
    if (poolSize > 1) assert.equal(await lines.run((client) => client.ping(), "quick"), "PONG");
    while (redis.waiting < 5) await new Promise((done) => setImmediate(done));
    redis.slow = "";
    redis.thaw();
    await Promise.all(reads);
    await lines.run((client) => client.get("a day"), "long");
    return redis.connections;
  } finally {
    lines.close();
    await redis.stop();
  }
}

test("each long read has a connection to itself, as far as the pool's size goes", { timeout: 30_000 }, async () => {
  assert.equal(await connectionsOf(16), 6);
  assert.equal(await connectionsOf(3), 3);
  assert.equal(await connectionsOf(2), 2);
  assert.equal(await connectionsOf(1), 1);
});
