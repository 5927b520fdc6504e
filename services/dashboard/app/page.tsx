import type { Metadata } from "next";
import { headers } from "next/headers";
import { Overview } from "@/components/overview/overview";
import { Refused, refusedOrThrown } from "@/components/shell/refused";
import { operatorOf } from "@/lib/operator";
import { overviewOf } from "@/lib/overview";
import { sourceNamed } from "@/lib/sources";
import { traced } from "@/lib/trace";

export const metadata: Metadata = { title: "Overview" };

/** The plant at a glance. */
export default async function OverviewPage({ searchParams }: PageProps<"/">) {
  const named = [(await searchParams).source].flat()[0] ?? "";
  const sent = await headers();
  const first = await traced(sent, {}, async () => overviewOf(sourceNamed(named), 0, operatorOf(sent))).catch(
    refusedOrThrown,
  );
  return first instanceof Error ? <Refused error={first} /> : <Overview key={first.source} first={first} />;
}
