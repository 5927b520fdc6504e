import Link from "next/link";
import { notFound } from "next/navigation";
import { DashboardError } from "@/lib/errors";

/** For `catch`: what the user can mend is given back, an unknown address is a 404, and all else goes on as it was. */
export function refusedOrThrown(error: unknown): DashboardError {
  if (!(error instanceof DashboardError)) throw error;
  if (error.code === "not-found") notFound();
  return error;
}

/** Why a screen cannot be shown, and the next step. */
export function Refused({ error }: { error: DashboardError }) {
  return (
    <div className="notice stack" data-kind="failure" role="alert">
      <h1>{error.message}</h1>
      <p>{error.hint}</p>
      <p>
        {error.code === "away" && (
          <>
            <a href="">Try again</a> ·{" "}
          </>
        )}
        <Link href="/">Overview</Link> · <Link href="/anomalies">Anomalies</Link>
      </p>
    </div>
  );
}
