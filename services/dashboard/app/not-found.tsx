import Link from "next/link";

/** An address that means nothing, or no longer does. */
export default function NotFound() {
  return (
    <div className="panel stack">
      <h1>There is nothing here</h1>
      <p>The anomaly or tag is not known, or its readings are older than 24 hours.</p>
      <p>
        <Link href="/">Overview</Link> · <Link href="/anomalies?status=all">All anomalies</Link>
      </p>
    </div>
  );
}
