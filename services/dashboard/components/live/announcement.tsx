"use client";

import { useState } from "react";

/** Says `text` to a screen reader when it becomes another one; never on arrival, never twice. */
export function Announcement({ text }: { text: string }) {
  const [spoken, setSpoken] = useState({ text, aloud: "" });
  if (spoken.text !== text) setSpoken({ text, aloud: text });
  return (
    <p role="status" className="unseen">
      {spoken.aloud}
    </p>
  );
}
