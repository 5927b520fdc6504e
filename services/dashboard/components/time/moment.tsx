"use client";

import { useZone } from "./zone";
import { momentIn, type Length } from "./words";

/** A time in the zone that the operator chose; `both` adds the other one. */
export function Moment({ at, length = "short", both = false }: { at: string; length?: Length; both?: boolean }) {
  const { name } = useZone();
  const ms = Date.parse(at);
  const shown = momentIn(name, ms, length);
  return (
    <time dateTime={at}>
      {shown}
      {both && <span className="muted"> {name === "UTC" ? "UTC" : `local, ${momentIn("UTC", ms, length)} UTC`}</span>}
    </time>
  );
}
