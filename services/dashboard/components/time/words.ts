/** Times in words, the same on the server and in every browser. */

const formats = new Map<string, Intl.DateTimeFormat>();

export type Length = "time" | "minute" | "date-time" | "short";

/** `02:18:30`, `02:18`, `2026-11-21 02:18:30` or `21 Nov 02:18`, in a time zone such as `Europe/Oslo` or `UTC`. */
export function momentIn(zone: string, ms: number, length: Length): string {
  if (!Number.isFinite(ms)) return "–";
  const part = parts(zone, ms);
  const minute = `${part.hour}:${part.minute}`;
  if (length === "minute") return minute;
  if (length === "time") return `${minute}:${part.second}`;
  const month = MONTHS[Number(part.month) - 1];
  if (length === "short") return `${Number(part.day)} ${month} ${minute}`;
  return `${part.year}-${part.month}-${part.day} ${minute}:${part.second}`;
}

/** `12 s`, `3 min`, `2 h 5 min`, `4 d 2 h`; below zero counts as nothing. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}

function parts(zone: string, ms: number): Record<string, string> {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
