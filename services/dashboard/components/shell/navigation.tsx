"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import styles from "./shell.module.css";
import { Waiting } from "./waiting";

const PLACES = [
  { href: "/", name: "Overview", within: /^\/($|tags\/)/ },
  { href: "/anomalies", name: "Anomalies", within: /^\/anomalies/ },
];

/** The two places there are; a tag belongs to the overview, an episode to the anomalies. */
export function Navigation() {
  const path = usePathname();
  return (
    <nav aria-label="Screens" className={styles.navigation}>
      {PLACES.map(({ href, name, within }) => (
        <Link key={href} href={href} prefetch={false} aria-current={within.test(path) ? "page" : undefined}>
          {name}
          <Waiting />
        </Link>
      ))}
    </nav>
  );
}
