/** What the code under test logs. */

/** What is written to stdout while `work` lasts. */
export async function linesOf(work: (written: string[]) => unknown): Promise<Record<string, unknown>[]> {
  const written: string[] = [];
  const write = process.stdout.write;
  // The test runner writes its own reports there, in bytes.
  process.stdout.write = ((text: string | Uint8Array) =>
    typeof text === "string" ? written.push(text) > 0 : write.call(process.stdout, text)) as never;
  try {
    await work(written);
  } finally {
    process.stdout.write = write;
  }
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}
