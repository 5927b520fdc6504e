/** What this browser prefers, kept in cookies so that the server writes the right page at once. */
export function remember(name: string, value: string): void {
  const year = 365 * 24 * 3600;
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=${year}; samesite=lax`;
}
