/** Commands as they are typed into a terminal; what stands in them, a sender or an operator chose. */

/** `anomalyctl anomalies <action> <id> …`; the environment is named where it is not the usual one. */
export function commandOf(action: string, anomalyId: string, environment: string, ...options: string[]): string[] {
  return ["anomalyctl", "anomalies", action, anomalyId, ...options, ...whereOf(environment)];
}

/** How a verdict came about: the lines of all parts under its trace. */
export function traceCommandOf(traceId: string, environment: string): string[] {
  return ["anomalyctl", "logs", "--trace", traceId, ...whereOf(environment)];
}

/**
 * One word as a shell reads it: what could mean something to it goes into single quotes. What a terminal could take
 * for a key, or a reader for something else (control characters, turned writing), is spelt out as bash, zsh and ksh
 * do: pasted as it is, it could run a command that nobody sees.
 */
export function quoted(word: string): string {
  if (UNSEEN.test(word)) return `$'${word.replaceAll(SPELT, spelt)}'`;
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

// A word that begins with `=` is a program's path to zsh.
const PLAIN = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;
const UNSEEN = /[\p{Cf}\p{Cs}\u2028\u2029]|(?!\n)\p{Cc}/u;
const SPELT = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029'\\]/gu;

function whereOf(environment: string): string[] {
  return environment === "local" ? [] : ["--env", environment];
}

function spelt(character: string): string {
  if (character === "'" || character === "\\") return `\\${character}`;
  if (character === "\n") return "\\n";
  return [...new TextEncoder().encode(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
