/** Waits for a condition, not for a time; gives up when the bench is interrupted or after the limit. */
export async function until(
  what: string,
  signal: AbortSignal,
  condition: () => Promise<boolean>,
  { limitSeconds = 600, everyMs = 10 } = {},
): Promise<void> {
  const began = performance.now();
  const deadline = began + limitSeconds * 1000;
  let told = began;
  for (;;) {
    signal.throwIfAborted();
    if (await condition()) return;
    if (performance.now() > deadline) throw new Error(`${what}: not after ${limitSeconds} s`);
    if (performance.now() - told > 30_000) {
      told = performance.now();
      console.error(`waiting for ${Math.round((told - began) / 1000)} s: ${what}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
}
