import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

import { StoreAway } from "../lib/errors";
import { RedisLines } from "../lib/stores/redis";
import { forgetRemembered, remembered } from "../lib/stores/remembered";
import { within } from "../lib/stores/within";
import { readSettings } from "../lib/settings";
import { test } from "./limited";
import { PaperRedis } from "./paper-redis";

const PATIENCE_MS = 150;

async function withRedis(work: (redis: PaperRedis, lines: RedisLines) => Promise<void>): Promise<void> {
  const redis = await PaperRedis.start();
  const settings = readSettings({
    REDIS_CONNECTION_STRING: `127.0.0.1:${redis.port},password=x,ssl=False`, // pragma: allowlist secret
    REDIS_CONNECT_TIMEOUT_MS: "60000",
    COSMOS_DB_CONNECTION_STRING: "http://127.0.0.1:1/",
    COSMOS_DB_DATABASE: "none",
  });
  const lines = new RedisLines(settings, PATIENCE_MS);
  try {
    await work(redis, lines);
  } finally {
    lines.close();
    await redis.stop();
  }
}

const ping = (lines: RedisLines) => lines.run((client) => client.ping(), "quick");

/** It is asked until it answers; how often it was asked in vain. */
async function untilItAnswers(lines: RedisLines): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      assert.equal(await ping(lines), "PONG");
      return tries;
    } catch (error) {
      if (!(error instanceof StoreAway) || tries > 2_000) throw error;
      await new Promise((done) => setTimeout(done, 5));
    }
  }
}

test("a Redis that stood still answers again as soon as it goes on", () =>
  withRedis(async (redis, lines) => {
    await ping(lines);
    redis.freeze();
    await assert.rejects(ping(lines), /Redis cannot be asked: no answer within 0.15 s/);
    await assert.rejects(ping(lines), /Redis cannot be asked: no answer within 0.15 s/);
    redis.thaw();
    await untilItAnswers(lines);
  }));

test("a connection that is lost without a word is replaced", () =>
  withRedis(async (redis, lines) => {
    await ping(lines);
    redis.lose();
    await assert.rejects(ping(lines), /no answer/);
    await untilItAnswers(lines);
    assert.equal(redis.connections, 2);
  }));

test("a sign-in that nobody answers is begun anew", () =>
  withRedis(async (redis, lines) => {
    await ping(lines);
    redis.loseNext(2);
    redis.lose();
    await untilItAnswers(lines);
    assert.equal(redis.connections, 4);
  }));

test("an answer that has come counts, however late this process looks at it", async () => {
  const server = createServer((socket) => socket.end("PONG").on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await Promise.all([once(socket, "connect"), once(server, "connection")]);
  const answer = within(1, once(socket, "data"), () => new Error("given up"));
  const wakes = Date.now() + 50;
  while (Date.now() < wakes); // Stopped, as on a laptop that sleeps.
  assert.equal(String((await answer)[0]), "PONG");
  server.close();
});

test("what could not be read is read again by who asks next", async () => {
  const away = new StoreAway("redis", "away");
  let tries = 0;
  const load = async () => {
    tries++;
    if (tries === 2) throw away;
    return tries;
  };
  assert.deepEqual((await remembered("again", 3_600_000, load)).value, 1);
  assert.deepEqual((await remembered("again", 3_600_000, load)).value, 1);
  const failed = await remembered("again", 0, load);
  assert.deepEqual([failed.value, failed.failure], [1, away]);
  const back = await remembered("again", 3_600_000, load);
  assert.deepEqual([back.value, back.failure, tries], [3, null, 3]);
});

test("what was asked before a change is not kept after it", async () => {
  let answer: (value: string) => void = () => undefined;
  const before = remembered("changed", 3_600_000, () => new Promise<string>((done) => (answer = done)));
  forgetRemembered("changed");
  const after = remembered("changed", 3_600_000, async () => "new");
  assert.equal((await after).value, "new");
  answer("old");
  assert.equal((await before).value, "old");
  assert.equal((await remembered("changed", 3_600_000, async () => "newer")).value, "new");
});
