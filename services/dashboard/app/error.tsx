"use client";

/** When a screen cannot be drawn at all. What went wrong inside stays in the server's log, under the digest. */
export default function ScreenError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="notice stack" data-kind="failure" role="alert">
      <h1>This screen could not be loaded</h1>
      <p>
        The server could not put it together{error.digest ? ` (see its log for ${error.digest})` : ""}. The plant is not
        affected; the command <code>anomalyctl status</code> shows what is away.
      </p>
      <p>
        <button type="button" data-weight="main" onClick={reset}>
          Try again
        </button>
      </p>
    </div>
  );
}
