import {
  type Direction,
  directionFrom,
  isStranglerError,
  type MigrationDefinition,
  sourceOf,
  StranglerError,
  streamsAt,
  replicates,
} from '@strangler-toolkit/plan';
import { displayTable, parseTableName, type TableName } from '../database/identifiers.ts';
import { planned, type Step } from './step.ts';
import { streamEnds } from './stream-ends.ts';
import type { Toolkit } from './toolkit.ts';

export interface ResyncOptions {
  readonly context: string;
  /** As the context file names it, on the side of the monolith. */
  readonly table: string;
}

export interface ResyncResult {
  readonly context: string;
  readonly direction: Direction;
  readonly tables: readonly string[];
  readonly chunks: number;
  /** Rows and changes that came through the tables' topics meanwhile. */
  readonly messages: number;
  readonly seconds: number;
}

async function streamingDirection(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<Direction> {
  const row = await kit.row(definition);
  if (!replicates(definition.data) || !streamsAt(row.stage))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} is at stage ${row.stage} with data '${definition.data}': nothing is replicated`,
    );
  return directionFrom(row.owner);
}

/** The tables that hold the mapped table's rows on the side that owns them. */
function ownersTables(
  { context, tables = [] }: MigrationDefinition,
  direction: Direction,
  table: string,
): TableName[] {
  const wanted = displayTable(parseTableName(table));
  const mapped = tables.find(({ monolith }) => displayTable(parseTableName(monolith)) === wanted);
  if (!mapped)
    throw new StranglerError(
      'USAGE',
      `${context} maps no table ${wanted} of the monolith: it has ${tables.map(({ monolith }) => monolith).join(', ')}`,
    );
  const names =
    sourceOf(direction) === 'monolith'
      ? [mapped.monolith]
      : mapped.service.map((part) => part.table);
  return names.map(parseTableName);
}

/** @throws StranglerError WORKER_NOT_RUNNING */
async function assertWorker(kit: Toolkit, context: string, direction: Direction): Promise<void> {
  const watermark = await (await kit.control()).watermarks.get(context, direction);
  if (!watermark?.workerAlive)
    throw new StranglerError(
      'WORKER_NOT_RUNNING',
      `No worker applies the ${direction} stream of ${context}`,
    );
}

/**
 * Reads one table again at the owner and applies its rows, while changes go on. Rows that only the other side
 * has stay there: verify finds them.
 */
export const resync: Step<ResyncOptions, ResyncResult> = {
  async execute(kit, { context, table }) {
    const definition = await kit.definition(context);
    const direction = await streamingDirection(kit, definition);
    const transport = kit.transport(definition);
    transport.resync(streamEnds(kit, definition, direction));
    const tables = ownersTables(definition, direction, table);
    const names = tables.map(displayTable);
    const { journal } = await kit.control();
    const note = (status: 'started' | 'done' | 'failed', detail: object): Promise<unknown> =>
      journal.append({
        context,
        actor: kit.actor,
        step: 'resync',
        status,
        detail: { tables: names, ...detail },
      });
    const began = performance.now();
    return kit.withLease(context, 'resync', async (_lease, signal) => {
      let started = false;
      try {
        const ends = streamEnds(kit, definition, direction, signal);
        const read = await transport.resync(ends).run(tables, {
          begun: async () => {
            await note('started', { direction });
            started = true;
          },
          assertWorker: () => assertWorker(kit, context, direction),
          tell: (text, kind) => kit.tell('resync', text, kind),
        });
        await note('done', read);
        const seconds = (performance.now() - began) / 1000;
        return { context, direction, tables: names, ...read, seconds };
      } catch (error) {
        const code = isStranglerError(error) ? error.code : 'INTERNAL';
        if (started) await note('failed', { code }).catch(() => undefined);
        throw error;
      }
    });
  },
  async dryRun(kit, { context, table }) {
    const definition = await kit.definition(context);
    const direction = await streamingDirection(kit, definition);
    const again = kit.transport(definition).resync(streamEnds(kit, definition, direction));
    return planned(again.plan(ownersTables(definition, direction, table)));
  },
};
