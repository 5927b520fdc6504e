/** Runs once when the server starts: from then on everything that is printed is a line of JSON. */

export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs" || process.env.NODE_ENV === "development") return;
  const { log } = await import("./lib/log");
  const { reasonOf } = await import("./lib/errors");
  const said = (words: unknown[]) => words.map((word) => (typeof word === "string" ? word : reasonOf(word))).join(" ");
  console.log = console.info = console.debug = (...words: unknown[]) => log("info", said(words));
  console.warn = (...words: unknown[]) => log("warning", said(words));
  console.error = (...words: unknown[]) => log("error", said(words));
  log("info", "The dashboard is ready.");
}
