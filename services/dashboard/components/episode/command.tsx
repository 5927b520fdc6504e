"use client";

import { useState } from "react";
import styles from "./episode.module.css";
import { quoted } from "./shell-words";

/** The same action as a command, to be copied into a terminal. */
export function Command({ words }: { words: string[] }) {
  const [copied, setCopied] = useState("");
  const text = words.map(quoted).join(" ");

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(text);
    } catch {
      setCopied(""); // No clipboard without a secure address: the text can be selected.
    }
  }

  return (
    <div className={styles.command}>
      <code>
        {words.map((word, index) => (
          <span key={index} data-option={word.startsWith("--") || undefined}>
            {index > 0 && " "}
            {quoted(word)}
          </span>
        ))}
      </code>
      <button type="button" onClick={() => void copy()} aria-label="Copy the command">
        {copied === text ? "Copied" : "Copy"}
      </button>
    </div>
  );
}
