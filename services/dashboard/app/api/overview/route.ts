import type { NextRequest } from "next/server";

import { answered } from "@/lib/answers";
import { wholeIn } from "@/lib/episodes/listing";
import { operatorOf } from "@/lib/operator";
import { overviewOf } from "@/lib/overview";
import { sourceNamed } from "@/lib/sources";

export async function GET(request: NextRequest): Promise<Response> {
  return answered(request, "the overview", {}, async () => {
    const asked = request.nextUrl.searchParams;
    const since = wholeIn(asked, "since", 0, 8.64e15, 0);
    return overviewOf(sourceNamed(asked.get("source")), since, operatorOf(request.headers));
  });
}
