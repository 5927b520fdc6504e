import type { Metadata } from "next";
import { headers } from "next/headers";
import { AnomaliesScreen } from "@/components/anomalies/anomalies-screen";
import { askedIn, listAddress, question } from "@/components/anomalies/query";
import { Refused, refusedOrThrown } from "@/components/shell/refused";
import { listEpisodes } from "@/lib/episodes/listing";
import { operatorOf } from "@/lib/operator";
import { traced } from "@/lib/trace";

export const metadata: Metadata = { title: "Anomalies" };

/** The list; what is asked for stands in the address. */
export default async function AnomaliesPage({ searchParams }: PageProps<"/anomalies">) {
  const asked = askedIn(await searchParams);
  const sent = await headers();
  const first = await traced(sent, {}, async () => listEpisodes(question(asked), operatorOf(sent))).catch(refusedOrThrown);
  return first instanceof Error ? (
    <Refused error={first} />
  ) : (
    <AnomaliesScreen key={listAddress(asked)} first={first} asked={asked} />
  );
}
