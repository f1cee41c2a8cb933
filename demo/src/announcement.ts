/** Seconds on a quiet machine, as measured; `start` is tripled on a busy one. */
export const announced = { start: 10, fast: 30, whole: 120 } as const;

export interface Told {
  readonly byHand: boolean;
  readonly fast: boolean;
}

/** How long it takes, before it begins. */
export function announcement({ byHand, fast }: Told): string {
  const then = byHand
    ? 'then you type the commands.'
    : fast
      ? `then ${announced.fast} seconds for the cutover.`
      : `then one to ${announced.whole / 60} minutes for the story, most of them waiting for clients to use the shop.`;
  return `${announced.start} seconds on a quiet machine, ${announced.start * 3} on a busy one; ${then}`;
}
