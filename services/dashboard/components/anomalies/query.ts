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

/** Whether anything but the usual is asked for. */
export function isFiltered({ status, severity, tag, source, since }: Asked): boolean {
  return [status, severity, tag, source, since].some((word) => word !== "" && word !== "open");
}
