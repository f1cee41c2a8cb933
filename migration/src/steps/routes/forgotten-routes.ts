import { codeOf, isReadingMethod, type MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { ContextRow, WriteWindows } from '../../control/index.ts';
import { strayMoments } from '../../replica/stray-writes.ts';
import type { Toolkit } from '../toolkit.ts';
import { clockGap, onOtherClock } from './clock-gap.ts';
import { type JoinedWrites, joinWrites } from './join-writes.ts';

/** What an audit fence logged in this epoch, joined with what facades sent to the monolith meanwhile. */
export interface ForgottenRoutes extends JoinedWrites {
  readonly context: string;
  readonly epoch: number;
  /** Writes that the fence logged in this epoch, and of how many the time is kept: those were joined. */
  readonly logged: number;
  readonly joined: number;
  /** How far the monolith's database is ahead of the control database, milliseconds; taken off. */
  readonly clockGapMs: number;
}

/** Whether a request was one that reads: as the context that claims it says, else by its method. */
const isRead =
  (definitions: readonly MigrationDefinition[]) =>
  ({ context, route, method }: Pick<WriteWindows, 'context' | 'route' | 'method'>): boolean => {
    const claim = definitions
      .find((definition) => definition.context === context)
      ?.routes.find(({ name }) => name === route);
    return claim ? claim.kind === 'read' : isReadingMethod(method);
  };

const millisecondsOf = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ now: string }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS now',
  );
  return Number(rows[0]?.now);
};

/** Of one context; `null` while the service owns it: a fence refuses there, and tells who. */
export async function forgottenRoutes(
  kit: Toolkit,
  definition: MigrationDefinition,
  { owner, epoch }: Pick<ContextRow, 'owner' | 'epoch'>,
): Promise<ForgottenRoutes | null> {
  if (owner !== 'monolith' || definition.data !== 'replicated') return null;
  const { context } = definition;
  const control = await kit.control();
  const { writes, moments, clockGapMs } = await kit.withDatabase(
    definition,
    'monolith',
    async (client) => ({
      ...(await strayMoments(client, context, epoch)),
      clockGapMs: await clockGap(
        () => millisecondsOf(client),
        () => control.writeWindows.now(),
      ),
    }),
  );
  const pathsOf = (kind: 'read' | 'write'): string[] =>
    definition.routes.filter((route) => route.kind === kind).map(({ path }) => path);
  const reads = isRead([...(await kit.contexts()).values()].map((known) => known.definition));
  const joined = joinWrites({
    context,
    own: { writes: pathsOf('write'), reads: pathsOf('read') },
    writes: moments.map((moment) => onOtherClock(moment, clockGapMs)),
    windows: (moments.length === 0 ? [] : await control.writeWindows.list()).map((window) => ({
      ...window,
      reads: reads(window),
    })),
  });
  return { context, epoch, logged: writes, joined: moments.length, clockGapMs, ...joined };
}

/** Of all contexts; one that cannot be looked at says why and hides no other. */
export async function allForgottenRoutes(kit: Toolkit): Promise<{
  forgotten: ForgottenRoutes[];
  problems: { context: string; code: string; problem: string }[];
}> {
  const forgotten: ForgottenRoutes[] = [];
  const problems: { context: string; code: string; problem: string }[] = [];
  for (const { definition } of (await kit.contexts()).values()) {
    try {
      const found = await forgottenRoutes(kit, definition, await kit.row(definition));
      if (found) forgotten.push(found);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      problems.push({ context: definition.context, code: codeOf(error), problem });
    }
  }
  return { forgotten, problems };
}
