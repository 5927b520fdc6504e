import type { Metadata } from "next";
import { headers } from "next/headers";
import { namedBy } from "@/components/addresses";
import { EpisodeScreen } from "@/components/episode/episode-screen";
import { Refused, refusedOrThrown } from "@/components/shell/refused";
import { showEpisode } from "@/lib/episodes/showing";
import { operatorOf, whyNobodyActs } from "@/lib/operator";
import { environmentName } from "@/lib/settings";
import { traced } from "@/lib/trace";

export const metadata: Metadata = { title: "Anomaly" };

/** One episode. */
export default async function EpisodePage({ params }: PageProps<"/anomalies/[id]">) {
  const anomalyId = namedBy((await params).id);
  const sent = await headers();
  const first = await traced(sent, { anomaly_id: anomalyId }, () => showEpisode(anomalyId, operatorOf(sent))).catch(
    refusedOrThrown,
  );
  return first instanceof Error ? (
    <Refused error={first} />
  ) : (
    <EpisodeScreen
      key={first.summary.anomalyId}
      first={first}
      environment={environmentName(process.env)}
      whyNobody={whyNobodyActs()}
    />
  );
}
