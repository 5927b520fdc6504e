/** What stands before every page and route: who may ask, and what the browser may do with the answer. */

import { NextResponse, type NextRequest } from "next/server";

import { isAddressedToUs } from "./lib/origin";
import { securityHeaders } from "./lib/security-headers";
import { traceparentAfter } from "./lib/trace";

export function proxy(request: NextRequest): NextResponse {
  if (!isAddressedToUs(request.headers.get("host"))) {
    return new NextResponse("This name is not one of this server's.\n", { status: 421 });
  }
  if (!isReadable(request.nextUrl.pathname)) {
    return new NextResponse("This address cannot be read.\n", { status: 400 });
  }
  if (!isOnlyRead(request.method) && !ACTS.test(request.nextUrl.pathname)) {
    return new NextResponse("Nothing can be sent here.\n", { status: 405, headers: { Allow: "GET, HEAD" } });
  }
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const headers = securityHeaders(nonce, process.env.NODE_ENV === "development");
  const sent = new Headers(request.headers);
  sent.set("x-nonce", nonce);
  sent.set("traceparent", traceparentAfter(request.headers.get("traceparent")));
  // Next.js reads the nonce for its own scripts from here.
  sent.set("content-security-policy", headers["content-security-policy"]);
  const response = NextResponse.next({ request: { headers: sent } });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/**
 * Next.js runs an action at whatever address it is posted to, also one that App Service lets strangers ask; the
 * screens post theirs to the episode.
 */
const ACTS = /^\/anomalies\/[^/]+$/;

function isOnlyRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Next.js itself answers 500 to an address whose percent signs spell no characters. */
function isReadable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico).*)"] };
