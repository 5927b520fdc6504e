/** Seen only when the list takes longer than people notice. */
export default function Loading() {
  return (
    <p role="status" className="late muted">
      Looking up the anomalies…
    </p>
  );
}
