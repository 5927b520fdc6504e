import assert from "node:assert/strict";
import { test } from "node:test";

import { NextRequest } from "next/server";

import { proxy } from "../proxy";

const asked = (method: string, path: string) => proxy(new NextRequest(`http://127.0.0.1:3000${path}`, { method })).status;

test("all may be read, and only an episode takes what is sent", () => {
  for (const path of ["/", "/api/health", "/anomalies", "/anomalies/well-1-5-aa"]) assert.equal(asked("GET", path), 200);
  assert.equal(asked("POST", "/anomalies/well-1-5-aa"), 200);
  for (const path of ["/", "/api/health", "/api/health/x", "/anomalies", "/anomalies/a/b", "/_next/image"]) {
    assert.equal(asked("POST", path), 405);
    assert.equal(asked("PUT", path), 405);
  }
});

test("an address that spells no characters is refused, and each answer has its own nonce and a trace", () => {
  assert.equal(asked("GET", "/tags/%ff"), 400);
  const policies = [1, 2].map(() => proxy(new NextRequest("http://127.0.0.1:3000/")).headers);
  assert.notEqual(policies[0]?.get("content-security-policy"), policies[1]?.get("content-security-policy"));
  assert.match(policies[0]?.get("x-middleware-request-traceparent") ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});
