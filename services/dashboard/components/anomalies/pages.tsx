import Link from "next/link";
import { listAddress, type Asked } from "./query";
import styles from "./anomalies.module.css";

/** Which of how many, and the ways to the others. */
export function Pages({ page, pageSize, total, asked }: { page: number; pageSize: number; total: number; asked: Asked }) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  const from = Math.min((page - 1) * pageSize + 1, total);
  return (
    <nav aria-label="Pages" className={styles.pages}>
      <p className="muted">
        {from} to {Math.min(page * pageSize, total)} of {total}
      </p>
      {page > 1 && (
        <Link className="button" href={listAddress(asked, { page: String(page - 1) })} prefetch={false}>
          ← Previous
        </Link>
      )}
      {page < last && (
        <Link className="button" href={listAddress(asked, { page: String(page + 1) })} prefetch={false}>
          Next →
        </Link>
      )}
    </nav>
  );
}
