"use client";

import { useSyncExternalStore } from "react";
import { eachSecond, serverSecond } from "./clock";
import { lasting } from "./words";

/** The server's time, each second; `first` is what the server wrote. */
export function useNow(first: string): number {
  return useSyncExternalStore(eachSecond, serverSecond, () => Date.parse(first));
}

/** `12 s ago`, counting up by itself. */
export function Age({ at, now: first }: { at: string; now: string }) {
  const now = useNow(first);
  return <time dateTime={at}>{lasting(now - Date.parse(at))} ago</time>;
}
