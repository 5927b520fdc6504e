"use client";

import type { EpisodeDetail } from "@/lib/types";
import { useDraft } from "./drafts";

/** What was typed for an action that somebody else has made impossible meanwhile: who did, and the text, not lost. */
export function LeftOver({ detail, action }: { detail: EpisodeDetail; action: "resolve" | "reopen" }) {
  const [text, keep] = useDraft(`${detail.summary.anomalyId} ${action}`);
  const last = detail.timeline.at(-1);
  if (text.trim() === "" || !last) return null;
  return (
    <div className="notice stack" data-kind="warning" role="alert">
      <p>
        <strong>
          {last.by} {DONE[action]} it while you were writing.
        </strong>{" "}
        What you typed was not sent; it is kept here:
      </p>
      <textarea readOnly value={text} aria-label="What you typed" />
      <p>
        <button type="button" onClick={() => keep("")}>
          Discard it
        </button>
      </p>
    </div>
  );
}

const DONE = { resolve: "resolved", reopen: "reopened" };
