import type { NextRequest } from "next/server";

import { answered } from "@/lib/answers";
import { listEpisodes } from "@/lib/episodes/listing";
import { operatorOf } from "@/lib/operator";

export async function GET(request: NextRequest): Promise<Response> {
  return answered(request, "the anomalies", {}, () =>
    listEpisodes(request.nextUrl.searchParams, operatorOf(request.headers)),
  );
}
