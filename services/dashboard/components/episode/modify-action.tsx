"use client";

import { useId, useState, type FormEvent } from "react";
import { modify } from "@/lib/actions";
import type { EpisodeDetail } from "@/lib/types";
import { brief } from "../numbers";
import { TagName } from "../tag-name";
import { Command } from "./command";
import { useDraft } from "./drafts";
import styles from "./episode.module.css";
import { Outcome } from "./outcome";
import { commandOf } from "./shell-words";
import { isNumber, lengthProblem } from "./texts";
import { useAction } from "./use-action";

interface Wishes {
  detail: EpisodeDetail;
  etag: string;
  environment: string;
  disabled: boolean;
  onReload: () => Promise<void>;
  onDone: (told: string) => void;
}

/** Correct values of the reading that was judged; what was judged stays beside what is right. */
export function ModifyAction({ detail, etag, environment, disabled, onReload, onDone }: Wishes) {
  const { anomalyId, tags } = detail.summary;
  const [kept, keep] = useDraft(`${anomalyId} values`);
  const [reason, keepReason] = useDraft(`${anomalyId} modify`);
  const [problem, setProblem] = useState("");
  const acting = useAction(onReload);
  const [problemId, reasonId] = [useId(), useId()];
  const typed = parsed(kept);
  const shownProblem = lengthProblem(reason) || problem;
  const shown = [...new Set([...tags.filter((tag) => tag in detail.reading), ...Object.keys(typed)])];

  async function submit(event: FormEvent) {
    event.preventDefault();
    const filled = Object.entries(typed).filter(([, text]) => text.trim() !== "");
    const wrong = filled.find(([, text]) => !isNumber(text));
    const found = problemOf(filled.length, wrong?.[0], reason);
    setProblem(found);
    if (found || acting.pending || disabled) return;
    const values = Object.fromEntries(filled.map(([tag, text]) => [tag, Number(text)]));
    const request = { anomalyId, etag, values, reason: reason.trim() };
    const done = await acting.run(() => modify(request), "Modified. Original and modified values are both kept.");
    if (done === null) return;
    keep("");
    keepReason("");
    onDone(done);
  }

  const options = Object.entries(typed).flatMap(([tag, text]) => (isNumber(text) ? ["--set", `${tag}=${text.trim()}`] : []));
  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate aria-label="Modify values">
      <h3>Modify values</h3>
      <ul className={styles.values}>
        {shown.map((tag) => (
          <li key={tag}>
            <label>
              <span>
                <TagName name={tag} /> <span className="fine">{holding(detail, tag)}</span>
              </span>
              <input
                inputMode="decimal"
                value={typed[tag] ?? ""}
                onChange={(event) => keep(JSON.stringify({ ...typed, [tag]: event.target.value }))}
                autoComplete="off"
              />
            </label>
          </li>
        ))}
      </ul>
      <label>
        Another tag
        <select value="" onChange={(event) => keep(JSON.stringify({ ...typed, [event.target.value]: "" }))}>
          <option value="">Choose…</option>
          {Object.keys(detail.reading)
            .filter((tag) => !shown.includes(tag))
            .map((tag) => (
              <option key={tag}>{tag}</option>
            ))}
        </select>
      </label>
      <div className="label">
        <label htmlFor={reasonId}>Why the value was wrong</label>
        <input
          id={reasonId}
          value={reason}
          onChange={(event) => keepReason(event.target.value)}
          aria-describedby={shownProblem ? problemId : undefined}
          autoComplete="off"
        />
        {shownProblem && (
          <span id={problemId} role="alert">
            {shownProblem}
          </span>
        )}
      </div>
      <div>
        <button type="submit" disabled={acting.pending || disabled}>
          {acting.pending ? "Working…" : "Modify"}
        </button>
      </div>
      <Outcome acting={acting} onReload={onReload} />
      <Command
        words={commandOf(
          "modify",
          anomalyId,
          environment,
          ...(options.length ? options : ["--set", `${tags[0] ?? "TAG"}=…`]),
          "--reason",
          reason.trim() || "…",
        )}
      />
    </form>
  );
}

function parsed(kept: string): Record<string, string> {
  return kept ? (JSON.parse(kept) as Record<string, string>) : {};
}

function problemOf(count: number, wrong: string | undefined, reason: string): string {
  if (count === 0) return "Give at least one value.";
  if (wrong !== undefined) return `${wrong}: this is not a number. Write it with a point, such as 35.2.`;
  return reason.trim() === "" ? "Say why the value was wrong." : lengthProblem(reason);
}

function holding({ reading, corrected }: EpisodeDetail, tag: string): string {
  const judged = `judged ${brief(reading[tag])}`;
  return tag in corrected ? `${judged}, holds ${brief(corrected[tag])}` : judged;
}
