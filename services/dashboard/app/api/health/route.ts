import type { NextRequest } from "next/server";

import { json } from "@/lib/answers";
import { runningBuild } from "@/lib/build";
import { storeHealth } from "@/lib/health";
import { traced } from "@/lib/trace";

/**
 * 200 when both stores answer, else 503 with which one does not; either way by which build. App Service probes it,
 * and `anomalyctl publish` waits until the new build answers.
 */
export async function GET(request: NextRequest): Promise<Response> {
  const parts = await traced(request.headers, {}, storeHealth);
  // App Service lets anybody ask this without signing in: they need not know where the stores are.
  if (process.env.WEBSITE_SITE_NAME) for (const part of parts) part.detail = "";
  const well = parts.every((part) => part.state === "ok");
  return json({ status: well ? "ok" : "away", build: runningBuild(), parts }, well ? 200 : 503);
}
