import type { NextRequest } from "next/server";

import { answered } from "@/lib/answers";
import { showEpisode } from "@/lib/episodes/showing";
import { operatorOf } from "@/lib/operator";

export async function GET(request: NextRequest, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  return answered(request, "an anomaly", { anomaly_id: id }, () => showEpisode(id, operatorOf(request.headers)));
}
