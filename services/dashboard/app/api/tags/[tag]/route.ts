import type { NextRequest } from "next/server";

import { answered } from "@/lib/answers";
import { wholeIn } from "@/lib/episodes/listing";
import { sourceNamed } from "@/lib/sources";
import { tagSeriesOf } from "@/lib/tag-series";

export async function GET(request: NextRequest, { params }: { params: Promise<{ tag: string }> }): Promise<Response> {
  const { tag } = await params;
  return answered(request, "a tag", { tag }, async () => {
    const asked = request.nextUrl.searchParams;
    return tagSeriesOf(tag, sourceNamed(asked.get("source")), wholeIn(asked, "since", 0, 8.64e15, 0));
  });
}
