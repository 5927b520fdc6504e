import type { NextRequest } from "next/server";

import { json } from "@/lib/answers";
import { storeHealth } from "@/lib/health";
import { traced } from "@/lib/trace";

/** 200 when both stores answer, else 503 with which one does not. App Service probes it. */
export async function GET(request: NextRequest): Promise<Response> {
  const parts = await traced(request.headers, {}, storeHealth);
  // App Service lets anybody ask this without signing in: they need not know where the stores are.
  if (process.env.WEBSITE_SITE_NAME) for (const part of parts) part.detail = "";
  const well = parts.every((part) => part.state === "ok");
  return json({ status: well ? "ok" : "away", parts }, well ? 200 : 503);
}
