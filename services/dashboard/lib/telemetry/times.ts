/** Instants as the wire writes them: UTC, six decimals, a Z at the end. */

export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, "$1000Z");
}

/** Milliseconds since 1970; NaN for what is no time. What has no offset is UTC. */
export function parseTime(text: string): number {
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}
