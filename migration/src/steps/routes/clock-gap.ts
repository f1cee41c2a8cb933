/** Asks a clock; its answer in milliseconds, and how far it was ahead of this process's in the middle of the question. */
async function ahead(ask: () => Promise<number>): Promise<number> {
  const before = Date.now();
  const told = await ask();
  return told - (before + Date.now()) / 2;
}

/** How far the first clock is ahead of the second, milliseconds: asked now, so that one that was set since deceives. */
export async function clockGap(
  first: () => Promise<number>,
  second: () => Promise<number>,
): Promise<number> {
  return Math.round((await ahead(first)) - (await ahead(second)));
}

/** A moment of the first clock as the second one tells it. */
export const onOtherClock = <T extends { readonly at: number }>(moment: T, gap: number): T => ({
  ...moment,
  at: moment.at - gap,
});
