"use client";

import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { remember } from "../shell/cookies";

export type ZoneMode = "local" | "utc";

interface Zone {
  mode: ZoneMode;
  /** The name of the zone that times are shown in. */
  name: string;
  choose: (mode: ZoneMode) => void;
}

const ZoneContext = createContext<Zone>({ mode: "utc", name: "UTC", choose: () => undefined });

/** The zone all times are shown in. `known` is what a cookie remembers, so that the server writes the same. */
export function ZoneProvider({ mode: first, known, children }: { mode: ZoneMode; known: string; children: ReactNode }) {
  const [mode, setMode] = useState(first);
  const local = useSyncExternalStore(nothing, browserZone, () => known);
  useEffect(() => {
    if (local !== known) remember("zone-name", local);
  }, [local, known]);
  const zone = useMemo<Zone>(
    () => ({
      mode,
      name: mode === "utc" ? "UTC" : local,
      choose: (next) => {
        remember("zone", next);
        setMode(next);
      },
    }),
    [mode, local],
  );
  return <ZoneContext value={zone}>{children}</ZoneContext>;
}

export function useZone(): Zone {
  return useContext(ZoneContext);
}

function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function nothing(): () => void {
  return () => undefined;
}
