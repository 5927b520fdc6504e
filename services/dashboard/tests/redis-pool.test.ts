import assert from "node:assert/strict";

import { RedisLines } from "../lib/stores/redis";
import { readSettings } from "../lib/settings";
import { test } from "./limited";
import { linesOf } from "./logged";
import { PaperRedis } from "./paper-redis";

function linesTo(redis: PaperRedis, poolSize: number, idleMs?: number): RedisLines {
  const settings = readSettings({
    REDIS_CONNECTION_STRING: `127.0.0.1:${redis.port},password=x,ssl=False`, // pragma: allowlist secret
    COSMOS_DB_CONNECTION_STRING: "https://nowhere.example/",
    REDIS_POOL_SIZE: String(poolSize),
  });
  return new RedisLines(settings, 60_000, idleMs);
}

/** So many reads that go on at once, each along a connection of its own. */
async function readAtOnce(redis: PaperRedis, lines: RedisLines, count: number): Promise<void> {
  redis.slow = "GET";
  const reads = Array.from({ length: count }, () => lines.run((client) => client.get("a day"), "long"));
  await Promise.race([until(() => redis.waiting >= count), Promise.all(reads)]);
  redis.slow = "";
  redis.thaw();
  await Promise.all(reads);
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 2_000, "it never holds");
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** How many connections five long reads at once make, and that what is quick waits for none of them. */
async function connectionsOf(poolSize: number): Promise<number> {
  const redis = await PaperRedis.start();
  const lines = linesTo(redis, poolSize);
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

test("each long read has a connection to itself, as far as the pool's size goes", async () => {
  assert.equal(await connectionsOf(16), 6);
  assert.equal(await connectionsOf(3), 3);
  assert.equal(await connectionsOf(2), 2);
  assert.equal(await connectionsOf(1), 1);
});

test("connections that were not needed for a while are closed, and the first is kept", async () => {
  const redis = await PaperRedis.start();
  const lines = linesTo(redis, 16, 50);
  try {
    await readAtOnce(redis, lines, 3);
    assert.equal(redis.standing, 4);
    await until(() => redis.standing === 1);
    await readAtOnce(redis, lines, 2);
    await until(() => redis.standing === 1);
    assert.equal(redis.connections, 6);
  } finally {
    lines.close();
    await redis.stop();
  }
});

test("a Redis that goes away and comes back is said to once, however many connections notice", async () => {
  const redis = await PaperRedis.start();
  const lines = linesTo(redis, 16);
  try {
    const logged = await linesOf(async (written) => {
      await readAtOnce(redis, lines, 3);
      redis.restart();
      await until(() => written.length >= 2);
      await readAtOnce(redis, lines, 3);
    });
    assert.deepEqual(logged.map(({ message }) => String(message).split(":")[0]), ["Redis is away", "Redis is back"]);
  } finally {
    lines.close();
    await redis.stop();
  }
});
