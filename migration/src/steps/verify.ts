import {
  directionFrom,
  StranglerError,
  streamsAt,
  targetOf,
  replicates,
} from '@strangler-toolkit/plan';
import { noticeOpenings } from '../replica/fence-marks.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { readStreamRow } from '../replica/streams.ts';
import { connect } from '../database/connect.ts';
import { parseTableName } from '../database/identifiers.ts';
import { carriedBy } from '../mapping/carried-keys.ts';
import { repairLists } from '../lists/keep-lists.ts';
import { loadMapping } from '../mapping/load.ts';
import type { Lsn } from '../stream/change-event.ts';
import {
  repair,
  type RepairResult,
  verify as verifyData,
  type VerifyResult as Comparison,
} from '../verify/index.ts';
import { presentIdentity } from './present-identity.ts';
import { planned, type Step } from './step.ts';

export interface VerifyOptions {
  readonly context: string;
  readonly chunkRows?: number;
  readonly parallel?: number;
  /** Keys to look at (or repair): `table:key` with the key columns separated by commas. */
  readonly keys?: readonly string[];
  readonly repair?: boolean;
}

export interface VerifyResult extends Comparison {
  readonly context: string;
  readonly repaired?: RepairResult;
}

/** Rows that refer to nothing, of keys for which the context file does not accept that. */
const openOrphans = ({ orphans }: Pick<Comparison, 'orphans'>): number =>
  orphans.reduce((sum, { accepted, rows }) => sum + (accepted ? 0 : rows), 0);

const underivedRows = ({ underived }: Pick<Comparison, 'underived'>): number =>
  underived.reduce((sum, { rows, failure }) => sum + (failure === undefined ? rows : 1), 0);

/** Nothing differs, nothing is open, no row refers to nothing, and each derived column holds what it should. */
export const isClean = (result: Comparison): boolean =>
  result.differences === 0 &&
  result.unsettled === 0 &&
  openOrphans(result) === 0 &&
  underivedRows(result) === 0;

/** `products:42` or `shop.order_lines:7,3` */
function parseKeys(keys: readonly string[]): { table: string; key: string[] }[] {
  return keys.map((text) => {
    // a quoted name may hold a colon of its own
    const colon = text.indexOf(':', Math.max(0, text.lastIndexOf('"')));
    if (colon <= 0 || colon === text.length - 1)
      throw new StranglerError(
        'USAGE',
        `--keys "${text}" must be <monolith table>:<key>, e.g. products:42 or order_lines:7,3`,
      );
    const { schema, table } = parseTableName(text.slice(0, colon));
    return { table: `${schema}.${table}`, key: text.slice(colon + 1).split(',') };
  });
}

/** Of all mappings of a table. */
function rowsByTable({ tables }: Comparison): Record<string, number> {
  const rows: Record<string, number> = {};
  for (const { table, rows: some } of tables) rows[table] = (rows[table] ?? 0) + some;
  return rows;
}

export const verify: Step<VerifyOptions, VerifyResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    if (!replicates(definition.data))
      throw new StranglerError(
        'MOVE_NOT_ALLOWED',
        `${options.context} has data '${definition.data}': there is no second copy to verify`,
      );
    if (options.repair && !options.keys?.length)
      throw new StranglerError(
        'USAGE',
        '--repair needs --keys, as strangler verify --json lists them',
      );
    const keys = options.keys && parseKeys(options.keys);
    const control = await kit.control();
    const row = await control.contexts.require(options.context);
    if (!streamsAt(row.stage))
      throw new StranglerError(
        'MOVE_NOT_ALLOWED',
        `${options.context} is at stage ${row.stage}: nothing is replicated`,
      );
    const direction = directionFrom(row.owner);
    const urls = kit.databaseUrls(definition);
    const mapping = await kit.withDatabase(definition, 'monolith', (monolith) =>
      kit.withDatabase(definition, 'service', (service) =>
        loadMapping(definition, monolith, service),
      ),
    );
    const target = await connect(kit.databaseUrl(definition, targetOf(direction)), {
      applicationName: 'strangler-verify-position',
    });
    try {
      const appliedPosition = async (): Promise<Lsn> => {
        const stream = await readStreamRow(target, options.context, direction);
        if (stream === null)
          throw new StranglerError(
            'WORKER_NOT_RUNNING',
            `${options.context} has no position yet: the initial copy is not complete`,
          );
        return stream.position;
      };
      const repaired =
        options.repair && keys
          ? await kit.withLease(options.context, 'repair', async () => {
              const done = await repair({
                mapping,
                ...urls,
                direction,
                keys,
                appliedPosition,
                signal: kit.signal,
              });
              await kit.withDatabase(definition, 'service', (service) =>
                repairLists(service, mapping, direction),
              );
              return done;
            })
          : undefined;
      if (repaired && repaired.deadLettersDropped.length > 0) {
        await control.journal.append({
          context: options.context,
          actor: kit.actor,
          step: 'dead-letter-drop',
          status: 'done',
          detail: { ids: repaired.deadLettersDropped, reason: 'repaired' },
        });
      }
      await installReplicaSchema(target, 'fences');
      // Counted before the first row is read: whoever opens the fence from now on makes the evidence void.
      await noticeOpenings(target, options.context);
      // Before the first row is read: what changes meanwhile makes the evidence void.
      const identity = await presentIdentity(kit, definition, direction);
      const neighbours = await kit.neighbours(definition);
      const result = await verifyData({
        mapping,
        carried: (key) => carriedBy(key, mapping.crossing, definition, neighbours) !== undefined,
        ...urls,
        direction,
        appliedPosition,
        chunkRows: options.chunkRows ?? 1000,
        signal: kit.signal,
        ...(options.parallel !== undefined && { parallel: options.parallel }),
        ...(keys && { keys }),
        onProgress: ({ table, rows, rowsEstimated, differing }) =>
          kit.tell(
            'verify',
            `${table}: ${rows} of about ${Math.max(rows, rowsEstimated)} rows compared, ${differing} differ`,
            'update',
          ),
      });
      // A look at some keys says nothing about the rest.
      if (!keys) {
        await control.evidence.record({
          context: options.context,
          kind: 'verification',
          epoch: row.epoch,
          ok: isClean(result),
          detail: {
            differences: result.differences,
            orphans: openOrphans(result),
            underived: underivedRows(result),
            unsettled: result.unsettled,
            rowsCompared: result.rowsCompared,
            tables: rowsByTable(result),
            identity,
            seconds: result.seconds,
            direction,
          },
        });
      }
      return { ...result, context: options.context, ...(repaired !== undefined && { repaired }) };
    } finally {
      await target.end().catch(() => {});
    }
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    const keys = parseKeys(options.keys ?? []);
    return planned([
      ...(options.repair
        ? keys.map(({ table, key }) => ({
            action: "send the owner's row again",
            detail: `${table} ${key.join(',')}`,
          }))
        : []),
      {
        action: 'compare',
        detail: (definition.tables ?? []).map((table) => table.monolith).join(', '),
      },
      ...(keys.length === 0 ? ['record the evidence "verification"'] : []),
    ]);
  },
};
