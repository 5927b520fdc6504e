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
    return signsIn(from) ? nameIn(headers.get("x-ms-client-principal-name")) : null;
  }
  return nameIn(from.ANOMALYCTL_OPERATOR);
}

/** Why there is no name, and the next step; for who looks at a form that cannot be sent. */
export function whyNobodyActs(from: Environment = process.env): string {
  const can = "so nothing can be done here.";
  if (!from.WEBSITE_SITE_NAME) return `Nobody is signed in: this server was started without ANOMALYCTL_OPERATOR, ${can}`;
  if (!signsIn(from)) return `Nobody is signed in: this dashboard has no sign-in (dashboard_auth_client_id is not set), ${can}`;
  return `Nobody is signed in: App Service did not say who you are, ${can} Load this page again to sign in.`;
}

function signsIn(from: Environment): boolean {
  return (from.WEBSITE_AUTH_ENABLED ?? "").toLowerCase() === "true";
}

function nameIn(text: string | null | undefined): string | null {
  const name = (text ?? "").replace(/[\p{Cc}\p{Cf}]/gu, "").trim();
  return name && name.length <= LONGEST_NAME ? name : null;
}
