import Link from "next/link";
import { Navigation } from "./navigation";
import { Preferences, type Theme } from "./preferences";
import styles from "./shell.module.css";
import { WallClock } from "./wall-clock";

/** Where one is, whose hands act, what time it is. */
export function Header(props: { environment: string; operator: string | null; theme: Theme; now: string }) {
  return (
    <header className={styles.header}>
      <Link href="/" prefetch={false} className={styles.brand}>
        anomalyctl
      </Link>
      <span className={styles.environment} data-environment={props.environment}>
        <span className="unseen">Environment </span>
        {props.environment}
      </span>
      <Navigation />
      <div className={styles.aside}>
        <span className="muted fine">{props.operator ?? "nobody signed in"}</span>
        <Preferences theme={props.theme} />
        <WallClock now={props.now} />
      </div>
    </header>
  );
}
