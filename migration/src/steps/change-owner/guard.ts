import {
  gateSettings,
  isStranglerError,
  judgeGuard,
  type MigrationDefinition,
  type RampVerdict,
  type SideWindow,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { Toolkit } from '../toolkit.ts';

/** The monolith's writes of that long before the change are what the service's are compared with, at least. */
const beforeSeconds = 600;
/** How long a way back is tried for that a gate refuses, because nobody has reported for the new epoch yet. */
const wayBackSeconds = 60;

/** What was seen of the new owner's writes. */
export interface Watched {
  readonly verdict: RampVerdict['verdict'];
  readonly reason: string;
  readonly before: SideWindow;
  readonly after: SideWindow;
}

interface Guard {
  readonly kit: Toolkit;
  readonly definition: MigrationDefinition;
  readonly seconds: number;
  readonly wayBack: () => Promise<unknown>;
}

const writesOf = ({ routes }: MigrationDefinition): string[] =>
  routes.filter((route) => route.kind === 'write').map((route) => route.name);

/**
 * Changes the owner, then watches its writes for a while, and goes back by itself when they are worse than the monolith's were.
 * @throws StranglerError GATE_REFUSED when it went back
 */
export async function guarded<T extends object>(
  { kit, definition, seconds, wayBack }: Guard,
  change: () => Promise<T>,
): Promise<T & { readonly watched: Watched }> {
  const { context } = definition;
  const control = await kit.control();
  const routes = writesOf(definition);
  const before = (
    await control.routeStats.window(context, { seconds: Math.max(seconds, beforeSeconds), routes })
  ).monolith;
  // the first that it has to answer are those that were held
  const since = await control.now();
  const done = await change();
  const note = (status: 'started' | 'done' | 'failed' | 'noted' | 'aborted', detail: object) =>
    control.journal.append({
      context,
      actor: kit.actor,
      step: 'guard',
      status,
      detail: { ...detail },
    });
  await note('started', { seconds, before });
  kit.tell('guard', `the service's writes are watched for ${seconds} s`, 'started');
  const watched = await watch(seconds, async () => {
    await kit.pause(Math.min(1000, seconds * 250));
    const after = (await control.routeStats.window(context, { since, routes })).service;
    const verdict = judgeGuard({ before, after }, gateSettings(definition));
    kit.tell('guard', verdict.reason, 'update');
    return { ...verdict, before, after };
  }).catch(async (error: unknown) => {
    await note('aborted', { before }).catch(() => undefined);
    throw error;
  });
  if (watched.verdict !== 'back') {
    await note(watched.verdict === 'keep' ? 'done' : 'noted', watched);
    kit.tell('guard', watched.reason, 'done');
    return { ...done, watched };
  }
  await note('failed', watched);
  kit.tell('guard', `going back: ${watched.reason}`, 'failed');
  await untilAllowed(kit, wayBack);
  throw new StranglerError(
    'GATE_REFUSED',
    `${context} went back to the monolith by itself: ${watched.reason}`,
    {
      details: { watched },
      remedy:
        "Look at the service's log and metrics, mend it, then cut over again. No acknowledged write was lost.",
    },
  );
}

/** Looks until the time is over, or until it is clear that it must go back. */
async function watch(seconds: number, look: () => Promise<Watched>): Promise<Watched> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen.verdict === 'back' || performance.now() >= end) return seen;
  }
}

async function untilAllowed(kit: Toolkit, wayBack: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + wayBackSeconds * 1000;
  for (;;) {
    try {
      await wayBack();
      return;
    } catch (error) {
      const passes = isStranglerError(error) && ['GATE_REFUSED', 'LEASE_HELD'].includes(error.code);
      if (!passes || performance.now() >= end) throw error;
      await kit.pause(1000);
    }
  }
}
