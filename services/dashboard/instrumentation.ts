/** Runs once when the server starts, and whenever a screen or a route could not be put together. */

import type { Instrumentation } from "next";

export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs" || process.env.NODE_ENV === "development") return;
  const { log, logConsole } = await import("./lib/log");
  const { runningBuild } = await import("./lib/build");
  logConsole();
  runningBuild();
  log("info", "The dashboard is ready.");
}

/** The screen names the digest; its line here names the address and the trace as well. */
export const onRequestError: Instrumentation.onRequestError = async (error, { path, method, headers }) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { log } = await import("./lib/log");
  const { traceIn } = await import("./lib/trace");
  const { reasonOf } = await import("./lib/errors");
  const trace = traceIn([headers.traceparent].flat()[0] ?? null);
  const digest = (error as { digest?: unknown }).digest;
  log("error", `${method} ${path.split("?", 1)[0]} failed: ${reasonOf(error)}`, {
    ...(trace ? { trace_id: trace } : {}),
    ...(typeof digest === "string" ? { digest } : {}),
  });
};
