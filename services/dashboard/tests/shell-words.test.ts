import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { commandOf, quoted, traceCommandOf } from "../components/episode/shell-words";
import { isNumber, problemOfText } from "../components/episode/texts";

const read = (shell: string, words: string[]) =>
  execFileSync(shell, ["-c", `printf '%s\\0' ${words.map(quoted).join(" ")}`], { encoding: "utf8" }).split("\0").slice(0, -1);

const NOTES = [
  "valve freed",
  "it's \"both\" `id` $(id) $HOME \\ \\n !! ! * ? ~ # & | ; < > ( ) { } [ ]",
  "'",
  "''",
  "first line\nsecond line\n\n  third",
  "-x",
  "--env prod",
  "--",
  "=ls",
  "~root",
  "ø € 日本 🙂 é",
  "x".repeat(4_000),
];

for (const shell of ["sh", "bash"]) {
  test(`${shell} reads an operator's words as they were written`, () => {
    assert.deepEqual(read(shell, NOTES), NOTES);
    const words = commandOf("modify", "well-1-5-aa", "dev", "--set", "A=B ø'=1.5", "--reason", "-");
    assert.deepEqual(read(shell, words), words);
  });
}

test("what a terminal takes for keys, or turns the writing, is spelt out and read back the same", () => {
  const words = [
    "tag\x1b[201~\rrm -rf x\n",
    "tab\there",
    "bell\x07 delete\x7f c1\x9b31m",
    "turned \u202e gnitirw \u2066x\u2069",
    "line\u2028separator, zero\u200bwidth, it's \\ both\x01",
  ];
  for (const word of words) assert.doesNotMatch(quoted(word), /[\p{Cc}\p{Cf}\u2028]/u);
  assert.deepEqual(read("bash", words), words);
});

test("a number is what the command takes for one", () => {
  for (const text of ["1", "-1.5", "+.5", "2.", "1e-3", " 3 "]) assert.ok(isNumber(text), text);
  for (const text of ["", " ", "35,2", "0x10", "0b1", "1_000", "Infinity", "NaN", "1e999", "1 2", "12 bar", "１"]) {
    assert.ok(!isNumber(text), text);
  }
});

test("blanks alone and too much are refused with a sentence; characters count as people count them", () => {
  assert.equal(problemOfText("  \n\t\u00a0"), "Say something here first.");
  assert.equal(problemOfText("🙂".repeat(4_000)), "");
  assert.equal(problemOfText("🙂".repeat(4_001)), "These are 4,001 characters; 4,000 are allowed.");
});

test("a command names its environment where that is not the usual one", () => {
  assert.equal(traceCommandOf("0af7", "local").join(" "), "anomalyctl logs --trace 0af7");
  assert.equal(traceCommandOf("0af7", "dev").join(" "), "anomalyctl logs --trace 0af7 --env dev");
});
