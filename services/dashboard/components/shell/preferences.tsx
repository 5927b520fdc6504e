"use client";

import { useState } from "react";
import { useZone, type ZoneMode } from "../time/zone";
import { remember } from "./cookies";
import styles from "./shell.module.css";

export type Theme = "system" | "light" | "dark";

/** Which zone and which light: both take effect at once and are remembered. */
export function Preferences({ theme: first }: { theme: Theme }) {
  const [theme, setTheme] = useState(first);
  const zone = useZone();

  function choose(next: Theme) {
    remember("theme", next);
    document.documentElement.dataset.theme = next;
    setTheme(next);
  }

  return (
    <div className={styles.preferences}>
      <select aria-label="Times" value={zone.mode} onChange={(event) => zone.choose(event.target.value as ZoneMode)}>
        <option value="local">Local time</option>
        <option value="utc">UTC</option>
      </select>
      <select aria-label="Theme" value={theme} onChange={(event) => choose(event.target.value as Theme)}>
        <option value="system">System colours</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </div>
  );
}
