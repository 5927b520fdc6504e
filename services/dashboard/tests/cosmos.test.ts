import assert from "node:assert/strict";

import { CosmosDoor } from "../lib/stores/cosmos-door";
import { test } from "./limited";

const PATIENCE_MS = 40;
const SILENT = /Cosmos DB did not answer within 0.04 s/;

/** A Cosmos DB that answers what was asked of it when it is told to go on. */
class PaperCosmos {
  asked = 0;
  pings = 0;
  private goOn: () => void = () => undefined;
  private goes: Promise<unknown> | null = null;

  readonly door = new CosmosDoor(() => (this.pings++, this.answer()), PATIENCE_MS);

  ask(): Promise<string> {
    return this.door.run(() => (this.asked++, this.answer()));
  }

  freeze(): void {
    this.goes = new Promise<void>((done) => (this.goOn = done));
  }

  thaw(): void {
    this.goes = null;
    this.goOn();
  }

  private async answer(): Promise<string> {
    await this.goes;
    return "answer";
  }
}

const moment = () => new Promise((done) => setImmediate(done));

test("a Cosmos DB that was silent answers whoever asks first after it goes on", async () => {
  const cosmos = new PaperCosmos();
  assert.equal(await cosmos.ask(), "answer");
  cosmos.freeze();
  await assert.rejects(cosmos.ask(), SILENT);
  const began = Date.now();
  await assert.rejects(cosmos.ask(), SILENT);
  assert.ok(Date.now() - began < PATIENCE_MS, "nobody waits for what is known to be silent");
  assert.deepEqual([cosmos.asked, cosmos.pings], [2, 1]);
  cosmos.thaw();
  await moment();
  assert.equal(await cosmos.ask(), "answer");
});

test("it is asked anew for as long as it is silent, one question at a time", async () => {
  const cosmos = new PaperCosmos();
  cosmos.freeze();
  await Promise.all([1, 2, 3].map(() => assert.rejects(cosmos.ask(), SILENT)));
  assert.equal(cosmos.pings, 1);
  while (cosmos.pings < 3) await new Promise((done) => setTimeout(done, 5));
  await assert.rejects(cosmos.ask(), SILENT);
  cosmos.thaw();
  await moment();
  assert.equal(await cosmos.ask(), "answer");
});

test("what fails at once is asked again by who asks next, and no answer of its own is a failure", async () => {
  let failure: unknown = Object.assign(new Error("gone"), { code: "ECONNREFUSED" });
  let pings = 0;
  const door = new CosmosDoor(async () => pings++, PATIENCE_MS);
  const ask = () => door.run(() => Promise.reject(failure));
  await assert.rejects(ask(), /Cosmos DB cannot be reached/);
  failure = { code: 429 };
  await assert.rejects(ask(), /asked too often/);
  failure = { code: 412 };
  await assert.rejects(ask(), (error) => error === failure);
  assert.equal(await door.run(async () => "answer"), "answer");
  assert.equal(pings, 0);
});

test("a silence that ends in a refusal is no longer called a silence", async () => {
  const door = new CosmosDoor(() => Promise.reject({ code: 401 }), PATIENCE_MS);
  await assert.rejects(door.run(() => new Promise(() => undefined)), SILENT);
  await moment();
  await assert.rejects(door.run(() => Promise.reject({ code: 401 })), /refuses the credentials/);
});
