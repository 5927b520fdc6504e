"use client";

import { unstable_isUnrecognizedActionError as isOfAnotherBuild } from "next/navigation";
import { useState } from "react";
import type { ActionResult } from "@/lib/types";

export type Refusal = Extract<ActionResult, { ok: false }>;

export interface Acting {
  pending: boolean;
  refusal: Refusal | null;
  /** Gives the words to tell when it was done, null when it was refused. */
  run: (act: () => Promise<ActionResult>, told: string) => Promise<string | null>;
  forget: () => void;
}

/** Does one action at a time and keeps what came of it. `after` fetches the episode as it then is. */
export function useAction(after: () => Promise<void>): Acting {
  const [pending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  async function run(act: () => Promise<ActionResult>, told: string): Promise<string | null> {
    setPending(true);
    setRefusal(null);
    try {
      const result = await act();
      if (result.ok) {
        await after();
        return result.changed ? told : "It was like this already; nothing changed.";
      }
      setRefusal(result);
      return null;
    } catch (error) {
      setRefusal(isOfAnotherBuild(error) ? OUTDATED : UNKNOWN);
      return null;
    } finally {
      setPending(false);
    }
  }

  return { pending, refusal, run, forget: () => setRefusal(null) };
}

const UNKNOWN: Refusal = {
  ok: false,
  code: "away",
  message: "The dashboard's server did not answer, so it is not known whether this was done.",
  hint: "What you typed is kept. Look at the timeline, then try again.",
};

const OUTDATED: Refusal = {
  ok: false,
  code: "refused",
  message: "This page is of an older version of the dashboard, so nothing was done.",
  hint: "Load it again; what you typed is kept.",
};
