import { withQuery } from "../addresses";

/** What is asked for, as it stands in the address; an empty word asks for the usual. */
export interface Asked {
  status: string;
  severity: string;
  tag: string;
  source: string;
  since: string;
  sort: string;
  page: string;
}

const WORDS: (keyof Asked)[] = ["status", "severity", "tag", "source", "since", "sort", "page"];

/** The words of an address; of a repeated one the first. */
export function askedIn(search: Record<string, string | string[] | undefined>): Asked {
  const word = (name: string) => [search[name]].flat()[0]?.trim() ?? "";
  return Object.fromEntries(WORDS.map((name) => [name, word(name)])) as unknown as Asked;
}

/** The address of the list with some words changed; another filter begins at the first page. */
export function listAddress(asked: Asked, changed: Partial<Asked> = {}): string {
  const page = "page" in changed || Object.keys(changed).length === 0 ? asked.page : "";
  return withQuery("/anomalies", { ...asked, page, ...changed });
}

/** The same for the server: an age such as `8h` becomes a time, to the minute so that many who ask share the answer. */
export function question(asked: Asked, nowMs = Date.now()): URLSearchParams {
  const query = new URLSearchParams(Object.entries(asked).filter(([, word]) => word !== ""));
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(asked.since) ?? [];
  if (count && unit) {
    const ms = nowMs - Number(count) * (unit === "h" ? 3_600_000 : 86_400_000);
    query.set("since", String(Math.floor(ms / 60_000) * 60_000));
  }
  return query;
}

/** Whether anything but the usual is asked for. */
export function isFiltered({ status, severity, tag, source, since }: Asked): boolean {
  return [status, severity, tag, source, since].some((word) => word !== "" && word !== "open");
}
