"use client";

import { useId, useState, type FormEvent, type KeyboardEvent } from "react";
import type { ActionResult } from "@/lib/types";
import { Command } from "./command";
import { useDraft } from "./drafts";
import { Outcome } from "./outcome";
import { lengthProblem, problemOfText } from "./texts";
import { useAction } from "./use-action";

interface Wishes {
  /** What the text is kept under until it is sent. */
  draft: string;
  title: string;
  label: string;
  button: string;
  told: string;
  isLong: boolean;
  isMain?: boolean;
  disabled: boolean;
  act: (text: string) => Promise<ActionResult>;
  command: (text: string) => string[];
  onReload: () => Promise<void>;
  onDone: (told: string) => void;
}

/** An action that needs one text: resolve its notes, assign a name, reopen a reason. */
export function TextAction(wishes: Wishes) {
  const [text, keep] = useDraft(wishes.draft);
  const [refused, setRefused] = useState("");
  const acting = useAction(wishes.onReload);
  const [field, told] = [useId(), useId()];

  async function submit(event: FormEvent) {
    event.preventDefault();
    const said = text.trim();
    const problem = problemOfText(said);
    setRefused(problem);
    if (problem || acting.pending || wishes.disabled) return;
    const done = await acting.run(() => wishes.act(said), wishes.told);
    if (done === null) return;
    keep("");
    wishes.onDone(done);
  }

  const problem = lengthProblem(text) || refused;
  const input = {
    id: field,
    name: wishes.title.toLowerCase(),
    value: text,
    required: true,
    "aria-invalid": problem !== "" || undefined,
    "aria-describedby": problem ? told : undefined,
    onChange: (event: { target: { value: string } }) => keep(event.target.value),
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate aria-label={wishes.title}>
      <h3>{wishes.title}</h3>
      <div className="label">
        <label htmlFor={field}>{wishes.label}</label>
        {wishes.isLong ? <textarea {...input} onKeyDown={sendByKey} /> : <input {...input} autoComplete="off" />}
        {problem && (
          <span id={told} role="alert">
            {problem}
          </span>
        )}
      </div>
      <div>
        <button
          type="submit"
          data-weight={wishes.isMain ? "main" : undefined}
          disabled={acting.pending || wishes.disabled}
        >
          {acting.pending ? "Working…" : wishes.button}
        </button>
      </div>
      <Outcome acting={acting} onReload={wishes.onReload} />
      <Command words={wishes.command(text.trim() || "…")} />
    </form>
  );
}

/** Ctrl and Enter send from inside a text of several lines. */
function sendByKey(event: KeyboardEvent<HTMLTextAreaElement>) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  }
}
