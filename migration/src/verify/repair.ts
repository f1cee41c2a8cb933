import {
  type Direction,
  endsOf,
  type Side,
  sourceOf,
  StranglerError,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { prepareApplySession } from '../apply/apply-session.ts';
import { dropSuperseded } from '../apply/dead-letters.ts';
import { keyText, type RowChange } from '../apply/row-change.ts';
import { lockStreamRow, readStreamRow } from '../replica/streams.ts';
import { writeChanges } from '../apply/write-changes.ts';
import { writeTargets } from '../apply/write-target.ts';
import { connect } from '../database/connect.ts';
import { currentLsn } from '../database/current-lsn.ts';
import { databaseFailure } from '../database/failures.ts';
import {
  type CompiledMapping,
  type CompiledTable,
  mappingsOf,
} from '../mapping/compiled-mapping.ts';
import { rowSpaces } from '../mapping/row-spaces.ts';
import type { Lsn } from '../stream/change-event.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import { type OwnerRow, ownerRow } from './owner-rows.ts';
import { throwIfCancelled, waitUntilApplied } from './settle.ts';
import { assertKnown, type NamedKey } from './verify.ts';

export interface RepairOptions {
  readonly mapping: CompiledMapping;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly direction: Direction;
  readonly keys: readonly NamedKey[];
  appliedPosition(): Promise<Lsn>;
  readonly signal?: AbortSignal;
  readonly attempts?: number;
  readonly catchUpMs?: number;
}

export interface RepairResult {
  readonly repaired: readonly (NamedKey & { readonly action: 'written' | 'deleted' })[];
  /** Rows that were written at the owner in every attempt: replication itself brings them. */
  readonly unsettled: readonly NamedKey[];
  /** Dead letters that were dropped, because the row is as the owner has it now. */
  readonly deadLettersDropped: readonly string[];
}

/** The row of a key in one of the mappings of its table. */
interface Place {
  readonly index: number;
  readonly table: CompiledTable;
  readonly key: readonly string[];
}

interface Target {
  readonly key: NamedKey;
  /** A row may pass from one to the other: what is sent is sent of all of them. */
  readonly places: readonly Place[];
}

/**
 * Sends the owner's rows again. Only rows of which no change is under way are written, and the applier is kept out by the
 * lock of the stream's row: an older change can never arrive after the repair.
 * @throws StranglerError USAGE, STREAM_CLOSED, TIMEOUT, CANCELLED, DB_*
 */
export async function repair(options: RepairOptions): Promise<RepairResult> {
  const { mapping, direction } = options;
  assertKnown(mapping, options.keys);
  const ownerSide = sourceOf(direction);
  const urls = endsOf(direction, { monolith: options.monolithUrl, service: options.serviceUrl });
  let owner: pg.Client | undefined;
  let other: pg.Client | undefined;
  try {
    owner = await connect(urls.source, { applicationName: 'strangler-repair' });
    other = await connect(urls.target, { applicationName: 'strangler-repair' });
    await prepareSession(other, mapping.context, direction);
    let open: Target[] = options.keys.map((key) => ({
      key,
      places: mappingsOf(mapping, key.table).map((table) => ({
        table,
        index: mapping.tables.indexOf(table),
        key: key.key,
      })),
    }));
    const repaired: RepairResult['repaired'][number][] = [];
    const dropped: string[] = [];
    for (let attempt = 0; open.length > 0 && attempt < (options.attempts ?? 10); attempt += 1) {
      throwIfCancelled(options.signal);
      const first = await readAll(owner, ownerSide, open);
      if (
        !(await waitUntilApplied(
          {
            appliedPosition: () => options.appliedPosition(),
            catchUpMs: options.catchUpMs ?? 30_000,
            signal: options.signal,
          },
          await currentLsn(owner),
        ))
      ) {
        throw new StranglerError(
          'TIMEOUT',
          `The ${direction} stream of ${mapping.context} did not catch up: is its worker running? Nothing was repaired`,
        );
      }
      const { done, dropped: superseded } = await writeStill(options, {
        owner,
        ownerSide,
        other,
        targets: open,
        first,
      });
      repaired.push(...done.values());
      dropped.push(...superseded);
      open = open.filter((target) => !done.has(target));
    }
    return { repaired, unsettled: open.map(({ key }) => key), deadLettersDropped: dropped };
  } catch (error) {
    throw databaseFailure(error, `Repair of ${mapping.context} failed`);
  } finally {
    await owner?.end().catch(() => {});
    await other?.end().catch(() => {});
  }
}

async function prepareSession(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  // The worker's session holds the stream's own origin; any origin keeps the other direction from sending this back.
  await prepareApplySession(
    client,
    `${replicationNames(context, direction, rows[0]?.name ?? '').origin}_repair`,
  );
}

async function readAll(
  client: pg.Client,
  side: Side,
  targets: readonly Target[],
): Promise<Map<Place, OwnerRow | null>> {
  const rows = new Map<Place, OwnerRow | null>();
  for (const place of targets.flatMap(({ places }) => places))
    rows.set(place, await ownerRow(client, place.table, side, place.key));
  return rows;
}

interface Attempt {
  readonly owner: pg.Client;
  readonly ownerSide: Side;
  readonly other: pg.Client;
  readonly targets: readonly Target[];
  /** The owner's rows before the wait. */
  readonly first: ReadonlyMap<Place, OwnerRow | null>;
}

/** Writes those rows that are still as they were before the wait. */
async function writeStill(
  options: RepairOptions,
  { owner, ownerSide, other, targets, first }: Attempt,
): Promise<{ done: Map<Target, RepairResult['repaired'][number]>; dropped: string[] }> {
  const { mapping, direction } = options;
  const done = new Map<Target, RepairResult['repaired'][number]>();
  await other.query('BEGIN');
  try {
    const stream = await readStreamRow(other, mapping.context, direction);
    if (!stream)
      throw new StranglerError(
        'STREAM_CLOSED',
        `${mapping.context}: the ${direction} stream has no position row`,
      );
    await lockStreamRow(other, mapping.context, direction, stream.epoch);
    const second = await readAll(owner, ownerSide, targets);
    const changes: RowChange[] = [];
    const keys = new Set<string>();
    const spaces = rowSpaces(mapping);
    for (const target of targets) {
      const { places } = target;
      const still = (place: Place): boolean =>
        second.get(place)?.version === first.get(place)?.version;
      if (!places.every(still)) continue;
      for (const place of places) {
        const row = second.get(place) ?? null;
        const key = Object.fromEntries(
          place.table.key.map((column, index) => [column, place.key[index] ?? null]),
        );
        const base = { table: place.index, key, transaction: 0n, events: [] };
        changes.push(
          row ? { ...base, kind: 'put', row: row.row, fresh: false } : { ...base, kind: 'delete' },
        );
        // the owner's own text of the key, where there is one: dead letters name it so
        keys.add(
          keyText(
            spaces[place.index] ?? place.index,
            Object.fromEntries(
              place.table.key.map((column) => [column, row?.row[column] ?? key[column] ?? null]),
            ),
          ),
        );
      }
      const there = places.some((place) => (second.get(place) ?? null) !== null);
      done.set(target, { ...target.key, action: there ? 'written' : 'deleted' });
    }
    await writeChanges(other, writeTargets(mapping, direction), changes);
    const dropped =
      keys.size === 0
        ? []
        : await dropSuperseded(
            { client: other, mapping, context: mapping.context, direction },
            keys,
            'repaired: the row was sent again as its owner has it',
          );
    await other.query('COMMIT');
    return { done, dropped };
  } catch (error) {
    await other.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
