"use client";

import { useRouter } from "next/navigation";
import { overviewAddress } from "../addresses";

/** Which well or plant is shown; nothing where there is but one. */
export function SourceSwitcher({ source, sources }: { source: string; sources: string[] }) {
  const router = useRouter();
  if (sources.length < 2) return <strong>{source}</strong>;
  return (
    <select
      aria-label="Source"
      value={source}
      onChange={(event) => router.push(overviewAddress(event.target.value))}
    >
      {sources.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
