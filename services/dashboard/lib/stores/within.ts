/** Give up waiting after a time; what was started may still end, and its failure is nobody's surprise. */

export async function within<T>(ms: number, promise: Promise<T>, otherwise: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  promise.catch(() => undefined);
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(otherwise()), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
