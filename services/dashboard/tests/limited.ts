/** Tests of what may wait for something that never comes: each has half a minute, its file two (see `npm test`). */

import { test as testOf } from "node:test";

export function test(name: string, work: () => Promise<void>): void {
  void testOf(name, { timeout: 30_000 }, work);
}
