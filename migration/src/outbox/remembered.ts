import { StranglerError } from '@strangler-toolkit/plan';

const dayMs = 86_400_000;
const usualDays = 30;

/**
 * How many days handled events are remembered. What may be delivered again must still be known: an event that is forgotten
 * while a topic or an outbox holds it would be handled a second time by whoever reads from the beginning.
 * @param asked days; undefined: 30, or as long as it takes
 * @param kept.milliseconds how long the place keeps events; Infinity: for ever
 * @throws StranglerError CONFIG_INVALID when fewer days are asked for than events are kept
 */
export function daysToRemember(
  consumer: string,
  asked: number | undefined,
  kept: { readonly place: string; readonly milliseconds: number },
): number {
  const needed = kept.milliseconds / dayMs;
  if (asked === undefined) return Math.max(usualDays, Math.ceil(needed) + 1);
  if (asked === Infinity || asked > needed) return asked;
  throw new StranglerError(
    'CONFIG_INVALID',
    `${consumer} forgets handled events after ${asked} days, but ${kept.place} keeps them ` +
      `${needed === Infinity ? 'for ever' : `${needed.toFixed(1)} days`}: read again, they would be handled a second time`,
    {
      details: { consumer, rememberDays: asked, place: kept.place },
      remedy:
        'Leave rememberDays out or raise it (Infinity: never forget), or let the place keep events for a shorter time.',
    },
  );
}
