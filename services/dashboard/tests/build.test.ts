import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { buildIn, runningBuild } from "../lib/build";

test("the build is the one that this process began with, whatever is unpacked beside it later", () => {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "build-"));
  const file = join(folder, "build.json");
  try {
    process.chdir(folder);
    writeFileSync(file, '{"digest": "one"}');
    assert.equal(runningBuild(), "one");
    writeFileSync(file, '{"digest": "two"}');
    assert.equal(runningBuild(), "one");
    assert.equal(buildIn(file), "two");
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
});

test("a build without a name, or with one that cannot be read, has none", () => {
  assert.equal(buildIn("no/such/build.json"), "");
  assert.equal(buildIn("package.json"), "");
});
