/** Where the screens are: the one place that knows how their addresses are written. */

export function tagAddress(tag: string, source: string): string {
  return `/tags/${encodeURIComponent(tag)}?source=${encodeURIComponent(source)}`;
}

export function episodeAddress(anomalyId: string): string {
  return `/anomalies/${encodeURIComponent(anomalyId)}`;
}

export function overviewAddress(source: string): string {
  return `/?source=${encodeURIComponent(source)}`;
}

/** What a part of an address names. Next.js hands the parts of an unknown address over once decoded already. */
export function namedBy(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address with these words, leaving out the empty ones. */
export function withQuery(path: string, words: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, word] of Object.entries(words)) {
    if (word !== undefined && word !== "") query.set(name, String(word));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
