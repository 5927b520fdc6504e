export default function Page() {
  return <main>anomalyctl</main>;
}
