import assert from "node:assert/strict";
import { test } from "node:test";

import { lineOf } from "../lib/log";
import { operatorOf, whyNobodyActs } from "../lib/operator";
import { isAddressedToUs, isFromOurPage } from "../lib/origin";
import { parseCosmos, parseRedis, readSettings } from "../lib/settings";

const headers = (given: Record<string, string>) => new Headers(given);

test("Redis is named in Azure's form and as an address", () => {
  assert.deepEqual(parseRedis("127.0.0.1:6390,password=a=b==,ssl=False"), {
    host: "127.0.0.1",
    port: 6390,
    tls: false,
    password: "a=b==", // pragma: allowlist secret
  });
  assert.deepEqual(parseRedis("cache.example:10000,ssl=True,abortConnect=False"), {
    host: "cache.example",
    port: 10000,
    tls: true,
  });
  assert.deepEqual(parseRedis("rediss://me:p%40ss@cache.example:6380/2"), { // pragma: allowlist secret
    host: "cache.example",
    port: 6380,
    tls: true,
    username: "me",
    password: "p@ss", // pragma: allowlist secret
    database: 2,
  });
  assert.equal(parseRedis("cache.example").port, 6380);
});

test("Cosmos DB is named with a key, or by its endpoint alone", () => {
  assert.deepEqual(parseCosmos("AccountEndpoint=https://a.example:443/;AccountKey=eA==;"), {
    endpoint: "https://a.example:443/",
    key: "eA==",
  });
  assert.deepEqual(parseCosmos("https://a.example/"), { endpoint: "https://a.example/" });
  assert.equal(parseCosmos("AccountEndpoint=https://a.example/;").key, undefined);
});

test("what cannot be read is refused with the variable's name and never with its value", () => {
  const secret = "hunter2"; // pragma: allowlist secret
  for (const from of [
    { REDIS_CONNECTION_STRING: `http://:${secret}@x`, COSMOS_DB_CONNECTION_STRING: "https://a.example" },
    { REDIS_CONNECTION_STRING: "x:1", COSMOS_DB_CONNECTION_STRING: `AccountKey=${secret}` },
    { REDIS_CONNECTION_STRING: "x:1", COSMOS_DB_CONNECTION_STRING: "https://a.example", REDIS_POOL_SIZE: "many" },
  ]) {
    assert.throws(() => readSettings(from), (error: Error) => /^[A-Z_]+ /.test(error.message) && !error.message.includes(secret));
  }
});

test("the operator is whom App Service signed in, and elsewhere the local name", () => {
  const name = headers({ "X-MS-CLIENT-PRINCIPAL-NAME": "eve@example.com" });
  assert.equal(operatorOf(name, {}), null);
  assert.equal(operatorOf(name, { ANOMALYCTL_OPERATOR: " anna\n" }), "anna");
  assert.equal(operatorOf(name, { WEBSITE_SITE_NAME: "x", ANOMALYCTL_OPERATOR: "anna" }), null);
  assert.equal(operatorOf(name, { WEBSITE_SITE_NAME: "x", WEBSITE_AUTH_ENABLED: "True" }), "eve@example.com");
  assert.equal(operatorOf(headers({}), { WEBSITE_SITE_NAME: "x", WEBSITE_AUTH_ENABLED: "True" }), null);
});

test("who cannot act is told why, and what helps", () => {
  assert.match(whyNobodyActs({}), /^Nobody is signed in: .*ANOMALYCTL_OPERATOR/);
  assert.match(whyNobodyActs({ WEBSITE_SITE_NAME: "x" }), /^Nobody is signed in: .*dashboard_auth_client_id/);
  assert.match(whyNobodyActs({ WEBSITE_SITE_NAME: "x", WEBSITE_AUTH_ENABLED: "true" }), /^Nobody is signed in: .*Load this page again/);
});

test("only a page of ours may act", () => {
  const host = { host: "127.0.0.1:3000" };
  const ours = { ...host, origin: "http://127.0.0.1:3000" };
  assert.equal(isFromOurPage(headers(ours)), true);
  assert.equal(isFromOurPage(headers({ ...ours, "sec-fetch-site": "same-origin" })), true);
  assert.equal(isFromOurPage(headers({ ...ours, "sec-fetch-site": "cross-site" })), false);
  assert.equal(isFromOurPage(headers({ ...host, origin: "http://127.0.0.1:4000" })), false);
  assert.equal(isFromOurPage(headers({ ...host, origin: "null" })), false);
  assert.equal(isFromOurPage(headers(host)), false);
  const behindFrontDoor = { host: "app.azurewebsites.net", "x-forwarded-host": "wells.example" };
  assert.equal(isFromOurPage(headers({ ...behindFrontDoor, origin: "https://wells.example" })), true);
});

test("a server on loopback answers to loopback names alone", () => {
  const local = { HOSTNAME: "127.0.0.1" };
  assert.equal(isAddressedToUs("localhost:3000", local), true);
  assert.equal(isAddressedToUs("[::1]:3000", local), true);
  assert.equal(isAddressedToUs("evil.example:3000", local), false);
  assert.equal(isAddressedToUs("127.0.0.1.evil.example", local), false);
  assert.equal(isAddressedToUs(null, local), false);
  assert.equal(isAddressedToUs("wells.example", { HOSTNAME: "0.0.0.0" }), true);
});

test("a log line has the fields of the other services and no credential", () => {
  const line = lineOf("warning", "redis://:hunter2@x failed, AccountKey=hunter2;", { reason: "password=hunter2" }, new Date(0), "local");
  assert.deepEqual(JSON.parse(line), {
    timestamp: "1970-01-01T00:00:00.000000Z",
    level: "warning",
    service: "dashboard",
    environment: "local",
    message: "redis://***@x failed, AccountKey=***;",
    reason: "password=***",
  });
});
