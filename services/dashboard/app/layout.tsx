import type { Metadata, Viewport } from "next";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { Header } from "@/components/shell/header";
import type { Theme } from "@/components/shell/preferences";
import shell from "@/components/shell/shell.module.css";
import { ZoneProvider } from "@/components/time/zone";
import { operatorOf } from "@/lib/operator";
import { environmentName } from "@/lib/settings";
import "@/styles/tokens.css";
import "@/styles/base.css";
import "@/styles/controls.css";

export const metadata: Metadata = {
  title: { default: "anomalyctl", template: "%s · anomalyctl" },
  description: "Live values and anomalies of injection wells.",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

/** The frame of all screens. What a browser prefers comes with its cookies, so that nothing flashes. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const kept = await cookies();
  const theme = themeOf(kept.get("theme")?.value);
  const now = new Date().toISOString();
  const mode = kept.get("zone")?.value === "utc" ? "utc" : "local";
  return (
    <html lang="en" data-theme={theme}>
      <body>
        <a href="#main" className={shell.skip}>
          Skip to the content
        </a>
        <ZoneProvider mode={mode} known={zoneOf(kept.get("zone-name")?.value)}>
          <Header
            theme={theme}
            now={now}
            environment={environmentName(process.env)}
            operator={operatorOf(await headers())}
          />
          <noscript>
            <div className="notice" data-kind="warning">
              <p>
                <strong>This page stands still without JavaScript:</strong> all of it is of {loadedAt(now)}. Load it
                again to see what is new; to act, use <code>anomalyctl anomalies</code>.
              </p>
            </div>
          </noscript>
          <main id="main" tabIndex={-1} className={shell.main}>
            {children}
          </main>
        </ZoneProvider>
      </body>
    </html>
  );
}

function loadedAt(now: string): string {
  return `${now.slice(0, 10)} ${now.slice(11, 19)} UTC`;
}

function themeOf(kept: string | undefined): Theme {
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** A time zone that this server knows; a cookie may hold anything. */
function zoneOf(kept: string | undefined): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: kept ?? "UTC" }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}
