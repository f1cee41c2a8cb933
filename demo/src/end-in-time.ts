/** What has not ended by then is ended by the guard of this process (dev-stack), folders included. Ctrl-C promises five seconds. */
const graceMs = 4_000;

/** Ends what runs, for so long as somebody who pressed Ctrl-C may wait; whatever came of it, `forget` is done at the end. */
export async function endInTime(
  end: () => Promise<unknown>,
  forget: () => Promise<unknown>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  try {
    await Promise.race([end().catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
    await forget();
  }
}
