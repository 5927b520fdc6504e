import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { lineOf, log, saying, sayingNothing } from "../lib/log";
import { traced, traceIn, traceparentAfter, traceparentNow } from "../lib/trace";
import { linesOf } from "./logged";

const TRACE = "0af7651916cd43dd8448eb211c80319c"; // pragma: allowlist secret
const GIVEN = `00-${TRACE}-b7ad6b7169203331-01`;

test("a request goes on in the trace that it came with, and else in one of its own", () => {
  assert.equal(traceIn(traceparentAfter(GIVEN)), TRACE);
  for (const given of [null, "", "x", GIVEN.replace(TRACE, "0".repeat(32)), GIVEN.toUpperCase(), `${GIVEN}\n`]) {
    const own = traceIn(traceparentAfter(given));
    assert.match(own ?? "", /^[0-9a-f]{32}$/);
    assert.notEqual(own, TRACE);
  }
  const headers = new Headers({ traceparent: GIVEN });
  assert.equal(traceIn(traced(headers, {}, traceparentNow)), TRACE);
});

test("each line says the trace and what it is about, also after waiting and not after the end", async () => {
  const one = new Headers({ traceparent: GIVEN });
  const lines = await linesOf(async () => {
    await Promise.all([
      traced(one, { anomaly_id: "a-1" }, async () => {
        await new Promise((done) => setTimeout(done, 5));
        saying({ reading_id: "well-1:5" }, () => log("info", "inside"));
        sayingNothing(() => log("info", "of nobody"));
      }),
      traced(new Headers(), {}, async () => log("info", "another")),
    ]);
    log("info", "outside");
  });
  const named = Object.fromEntries(lines.map((line) => [line.message, line]));
  assert.deepEqual(
    [named.inside?.trace_id, named.inside?.anomaly_id, named.inside?.reading_id],
    [TRACE, "a-1", "well-1:5"],
  );
  assert.match(String(named.another?.trace_id), /^[0-9a-f]{32}$/);
  assert.notEqual(named.another?.trace_id, TRACE);
  assert.equal(named.outside?.trace_id, undefined);
  assert.equal(named["of nobody"]?.trace_id, undefined);
});

test("what Next.js and Node print themselves is such a line, without decoration and without secrets", () => {
  const program = `
    const { logConsole } = await import("./lib/log.ts");
    logConsole();
    console.log("\\u001b[1m\\u25b2 Next.js 16\\u001b[22m");
    console.log("");
    console.log("- Local:   http://127.0.0.1:1");
    console.error(" \\u2a2f", new Error("no redis://:hunter2@x\\nsecond"));
    process.emitWarning("old", "DeprecationWarning");
    setTimeout(() => undefined, 20);`;
  const written = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = written.trim().split("\n").map((line) => JSON.parse(line) as Record<string, string>);
  assert.deepEqual(
    lines.map(({ level, message }) => [level, message]),
    [
      ["info", "Next.js 16"],
      ["info", "Local:   http://127.0.0.1:1"],
      ["error", "Error: no redis://***@x"],
      ["warning", "DeprecationWarning: old"],
    ],
  );
  assert.match(lines[2]?.trace ?? "", /^second\n\s+at /);
});

test("a field that is far too long does not make the line so", () => {
  const line = lineOf("info", "m", { tag: "x".repeat(100_000) }, new Date(0), "local");
  assert.ok(line.length < 5_000);
});
