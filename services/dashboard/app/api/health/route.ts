import { connection } from "next/server";

import { json } from "@/lib/answers";
import { storeHealth } from "@/lib/health";

/** 200 when both stores answer, else 503 with which one does not. App Service probes it. */
export async function GET(): Promise<Response> {
  await connection();
  const parts = await storeHealth();
  const well = parts.every((part) => part.state === "ok");
  return json({ status: well ? "ok" : "away", parts }, well ? 200 : 503);
}
