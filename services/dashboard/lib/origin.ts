/** Whether a request comes from a page of ours, and whether it was addressed to us. */

type Headers = { get(name: string): string | null };
type Environment = Readonly<Record<string, string | undefined>>;

/** True for an action that a page of this dashboard sent; what does not say where it comes from is refused. */
export function isFromOurPage(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = headers.get("origin");
  if (origin === null) return site === "same-origin";
  return hostOf(origin) !== null && hostOf(origin) === addressedHost(headers);
}

/**
 * False for a name that only points at this machine: a page of elsewhere could have its own name resolved to
 * 127.0.0.1 and would then be of the same origin. Only a server that listens on loopback alone is asked so.
 */
export function isAddressedToUs(host: string | null, from: Environment = process.env): boolean {
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;
  if (from.WEBSITE_SITE_NAME || !loopback.test(from.HOSTNAME ?? "")) return true;
  return loopback.test((host ?? "").toLowerCase().replace(/:\d+$/, ""));
}

function addressedHost(headers: Headers): string | null {
  return (headers.get("x-forwarded-host") ?? headers.get("host"))?.split(",")[0]?.trim().toLowerCase() || null;
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return null;
  }
}
