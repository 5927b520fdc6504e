/** Who acts: in Azure whom App Service has signed in, on this machine the name that was given. */

type Environment = Readonly<Record<string, string | undefined>>;

const LONGEST_NAME = 200;

/**
 * The name that actions record; null where nobody is signed in.
 *
 * App Service takes these headers off what comes from outside and sets its own, but only where its
 * authentication is on: anywhere else the header is what a stranger wrote.
 */
export function operatorOf(headers: { get(name: string): string | null }, from: Environment = process.env): string | null {
  if (from.WEBSITE_SITE_NAME) {
    const signsIn = (from.WEBSITE_AUTH_ENABLED ?? "").toLowerCase() === "true";
    return signsIn ? nameIn(headers.get("x-ms-client-principal-name")) : null;
  }
  return nameIn(from.ANOMALYCTL_OPERATOR);
}

function nameIn(text: string | null | undefined): string | null {
  const name = (text ?? "").replace(/[\p{Cc}\p{Cf}]/gu, "").trim();
  return name && name.length <= LONGEST_NAME ? name : null;
}
