/**
 * Give up waiting after a time; what was started may still end, and its failure is nobody's surprise. An answer
 * that has come already counts, also where this process was too busy, or stopped, to look at it in time.
 */

export async function within<T>(ms: number, promise: Promise<T>, otherwise: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isSettled = false;
  promise.then(
    () => (isSettled = true),
    () => (isSettled = true),
  );
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        // Between a timer and an immediate Node reads what its sockets have.
        timer = setTimeout(() => setImmediate(() => isSettled || reject(otherwise())), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
