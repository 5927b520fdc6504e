import type { Metadata } from "next";
import { headers } from "next/headers";
import { namedBy } from "@/components/addresses";
import { EpisodeScreen } from "@/components/episode/episode-screen";
import { Refused, refusedOrThrown } from "@/components/shell/refused";
import { showEpisode } from "@/lib/episodes/showing";
import { operatorOf } from "@/lib/operator";
import { environmentName } from "@/lib/settings";

export const metadata: Metadata = { title: "Anomaly" };

/** One episode. */
export default async function EpisodePage({ params }: PageProps<"/anomalies/[id]">) {
  const { id } = await params;
  const first = await showEpisode(namedBy(id), operatorOf(await headers())).catch(refusedOrThrown);
  return first instanceof Error ? (
    <Refused error={first} />
  ) : (
    <EpisodeScreen key={first.summary.anomalyId} first={first} environment={environmentName(process.env)} />
  );
}
