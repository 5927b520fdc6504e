"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { RouteError } from "@/lib/types";
import { noteRenderedTime, noteServerTime, serverSecond } from "../time/clock";

export const POLL_MS = 10_000;
/** More than both stores may take together before the server tells which of them is away. */
const PATIENCE_MS = 15_000;

export interface Live<T> {
  held: T;
  /** Why nothing new comes, although it was asked for; null while the server answers. */
  away: string | null;
  /** Ask now, without waiting for the next turn. */
  refresh: () => Promise<void>;
}

interface Asking<T> {
  /** Where to ask, given what is held; so that only what is new is sent. */
  address: (held: T) => string;
  merge: (held: T, news: T) => T;
  /** The server's time that an answer carries. */
  clock: (news: T) => string;
}

/**
 * What the server rendered, kept new: asks each 10 s, rests while the tab is hidden, asks at once when it is
 * seen again. What fails leaves what is held as it is and says why.
 */
export function useLive<T>(first: T, { address, merge, clock }: Asking<T>): Live<T> {
  const [held, setHeld] = useState(first);
  const [away, setAway] = useState<string | null>(null);
  const latest = useRef(first);
  const running = useRef<Promise<void> | null>(null);
  const asking = useRef({ address, merge, clock });
  useEffect(() => {
    asking.current = { address, merge, clock };
  });

  const turn = useCallback((): Promise<void> => {
    running.current ??= ask<T>(asking.current.address(latest.current))
      .then((news) => {
        noteServerTime(asking.current.clock(news));
        latest.current = asking.current.merge(latest.current, news);
        setHeld(latest.current);
        setAway(null);
      })
      .catch((error: unknown) => setAway(reasonOf(error)))
      .finally(() => {
        running.current = null;
      });
    return running.current;
  }, []);

  const refresh = useCallback(async (): Promise<void> => {
    await running.current; // It may have been answered before what the caller wants to see.
    await turn();
  }, [turn]);

  useEffect(() => {
    noteRenderedTime(asking.current.clock(first));
    document.documentElement.dataset.live = ""; // A page that never came alive can be told by looking at it.
    let timer: ReturnType<typeof setInterval> | undefined;
    function rest() {
      clearInterval(timer);
      timer = undefined;
    }
    function follow() {
      if (document.hidden) rest();
      else {
        timer ??= setInterval(() => void turn(), POLL_MS);
        void turn();
      }
    }
    timer = document.hidden ? undefined : setInterval(() => void turn(), POLL_MS);
    // The back button brings a screen as it was rendered once.
    if (!document.hidden && serverSecond() - Date.parse(asking.current.clock(first)) > POLL_MS) void turn();
    document.addEventListener("visibilitychange", follow);
    window.addEventListener("online", follow);
    return () => {
      rest();
      document.removeEventListener("visibilitychange", follow);
      window.removeEventListener("online", follow);
    };
  }, [first, turn]);

  return { held, away, refresh };
}

async function ask<T>(address: string): Promise<T> {
  const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body as T;
  const told = (body as RouteError | null)?.error?.message;
  throw new Refused(told ?? `The dashboard's server answered ${answer.status}.`);
}

class Refused extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  return navigator.onLine ? "The dashboard's server does not answer." : "This display has no network.";
}
