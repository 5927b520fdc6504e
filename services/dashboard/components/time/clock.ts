/** The server's clock as the browser sees it: a display whose own clock is wrong still shows true ages. */

let ahead: number | null = null;
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

/** Take the time that an answer of the server carried, just now. */
export function noteServerTime(iso: string): void {
  const told = Date.parse(iso);
  if (Number.isFinite(told)) ahead = told - Date.now();
}

/** The same of what was rendered: a screen that the back button brings again may be hours old, and is no clock. */
export function noteRenderedTime(iso: string): void {
  const told = Date.parse(iso);
  if (Number.isFinite(told)) ahead = Math.max(ahead ?? -Infinity, told - Date.now());
}

/** Milliseconds since 1970 by the server's clock, to the second: it changes once a second. */
export function serverSecond(): number {
  return Math.floor((Date.now() + (ahead ?? 0)) / 1000) * 1000;
}

/** One timer for all that shows an age; it stands still while nothing is shown. */
export function eachSecond(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(() => listeners.forEach((each) => each()), 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}
