"use client";

import { useRef, useState } from "react";
import { assign, reopen, resolve } from "@/lib/actions";
import type { EpisodeDetail } from "@/lib/types";
import styles from "./episode.module.css";
import { LeftOver } from "./left-over";
import { ModifyAction } from "./modify-action";
import { commandOf } from "./shell-words";
import { TextAction } from "./text-action";

interface Wishes {
  detail: EpisodeDetail;
  environment: string;
  /** Said where nobody is signed in. */
  whyNobody: string;
  onReload: () => Promise<void>;
}

/** What may be done now, by the table of transitions; each with its command. */
export function Actions({ detail, environment, whyNobody, onReload }: Wishes) {
  // The etag says which state of it the operator has seen: an action on an older one is told so.
  const { anomalyId, etag } = detail.summary;
  const heading = useRef<HTMLHeadingElement>(null);
  const [told, setTold] = useState("");
  const disabled = detail.operator === null;
  const may = new Set(detail.allowed);
  const common = { disabled, onReload, onDone };
  const command = (action: string, option: string) => (text: string) =>
    commandOf(action, anomalyId, environment, option, text);

  /** The form that was used may be gone by now: say what was done, and give the keyboard a place. */
  function onDone(words: string) {
    setTold(words);
    heading.current?.focus();
  }

  return (
    <section aria-labelledby="actions" className={styles.actions}>
      <h2 id="actions" ref={heading} tabIndex={-1}>
        Act
      </h2>
      <p role="status">{told}</p>
      {(["resolve", "reopen"] as const).map(
        (action) => !may.has(action) && <LeftOver key={action} detail={detail} action={action} />,
      )}
      {disabled && <p className="notice">{whyNobody} The commands below work.</p>}
      {may.has("resolve") && (
        <TextAction
          {...common}
          key="resolve"
          draft={`${anomalyId} resolve`}
          title="Resolve"
          label="What it was and what was done"
          button="Resolve"
          told="Resolved."
          isLong
          isMain
          act={(notes) => resolve({ anomalyId, etag, notes })}
          command={command("resolve", "--notes")}
        />
      )}
      {may.has("reopen") && (
        <TextAction
          {...common}
          key="reopen"
          draft={`${anomalyId} reopen`}
          title="Reopen"
          label="Why it is not over"
          button="Reopen"
          told="Open again."
          isLong
          act={(reason) => reopen({ anomalyId, etag, reason })}
          command={command("reopen", "--reason")}
        />
      )}
      {may.has("assign") && (
        <TextAction
          {...common}
          key="assign"
          draft={`${anomalyId} assign`}
          title="Assign"
          label="Who takes care of it"
          button="Assign"
          told="Assigned."
          isLong={false}
          act={(to) => assign({ anomalyId, etag, to })}
          command={command("assign", "--to")}
        />
      )}
      {may.has("modify") && <ModifyAction {...common} detail={detail} etag={etag} environment={environment} />}
    </section>
  );
}
