/** One thing per process, also while `next dev` loads modules anew and bundles hold copies of this one. */

const shelf = ((globalThis as Record<symbol, unknown>)[Symbol.for("anomalyctl.dashboard")] ??= new Map()) as Map<
  string,
  unknown
>;

export function once<T>(name: string, make: () => T): T {
  if (!shelf.has(name)) shelf.set(name, make());
  return shelf.get(name) as T;
}
