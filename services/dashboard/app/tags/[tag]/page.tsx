import type { Metadata } from "next";
import { headers } from "next/headers";
import { namedBy } from "@/components/addresses";
import { Refused, refusedOrThrown } from "@/components/shell/refused";
import { TagScreen } from "@/components/tag/tag-screen";
import { chosenSource, knownSources, sourceNamed } from "@/lib/sources";
import { tagSeriesOf } from "@/lib/tag-series";
import { traced } from "@/lib/trace";

export async function generateMetadata({ params }: PageProps<"/tags/[tag]">): Promise<Metadata> {
  return { title: namedBy((await params).tag) };
}

/** One tag and its day. */
export default async function TagPage({ params, searchParams }: PageProps<"/tags/[tag]">) {
  const tag = namedBy((await params).tag);
  const named = [(await searchParams).source].flat()[0] ?? "";
  const found = await traced(await headers(), { tag }, async () => {
    const source = chosenSource(sourceNamed(named), await knownSources());
    return { source, series: await tagSeriesOf(tag, source, 0) };
  }).catch(refusedOrThrown);
  if (found instanceof Error) return <Refused error={found} />;
  return <TagScreen key={`${found.source} ${tag}`} first={found.series} source={found.source} />;
}
