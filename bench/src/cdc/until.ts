/** Waits for a condition, not for a time; gives up when the bench is interrupted or after the limit. */
export async function until(what: string, signal: AbortSignal, condition: () => Promise<boolean>, { limitSeconds = 600, everyMs = 10 } = {}): Promise<void> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    if (await condition()) return;
    if (performance.now() > deadline) throw new Error(`${what}: not after ${limitSeconds} s`);
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
}
