import { randomUUID } from 'node:crypto';
import { isStranglerError } from '@strangler-toolkit/plan';
import {
  CannotResume,
  type CopyMark,
  type InitialCopyOptions,
  type MappedFiles,
  mappedFiles,
} from '../copy/index.ts';
import { currentLsn } from '../database/current-lsn.ts';
import { inTransaction } from '../database/in-transaction.ts';
import { lsnToText } from '../database/lsn.ts';
import type { Identity } from '../identity/identity.ts';
import { changesText, whatChanged } from '../identity/what-changed.ts';
import { isUniqueKey } from '../mapping/compile-mapping.ts';
import { type CompiledMapping, tableName } from '../mapping/compiled-mapping.ts';
import { copyUnderWay, keepCopy, takeCopyMark } from '../replica/copies.ts';
import { copyStream } from '../replica/copy-progress.ts';
import { readIdentityRow, writeIdentityRow } from '../replica/identities.ts';
import {
  type Checkpoint,
  openStreamRow,
  readStreamRow,
  type StreamHistory,
  type StreamRow,
} from '../replica/streams.ts';
import type { Lsn } from '../stream/change-event.ts';
import { createSlotWithSnapshot, type SlotWithSnapshot, type Transport } from '../stream/index.ts';
import { beginHistory } from '../stream/source/history.ts';
import { compareHistory } from '../stream/source/require-same-history.ts';
import { requireSlot } from '../stream/source/slot.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import { catchUpCopy } from './catch-up-copy.ts';
import type { CopyOptions } from './copy-options.ts';

/** What a copy reads, and where the stream begins after it. */
export interface CopyAttempt {
  readonly snapshot: SlotWithSnapshot;
  readonly position: Lsn;
  readonly history: StreamHistory;
  readonly checkpoint: Checkpoint;
  /** As it was before the first row was read, by whichever attempt. */
  readonly identity: Identity;
  readonly filesBefore: MappedFiles;
  readonly copy: Pick<InitialCopyOptions, 'resume' | 'onEmpty'>;
}

export const begunAnew = (context: string, why: Error): string =>
  `the copy of ${context} cannot go on, and begins anew: ${why.message}`;

/** What the rows that are there rest on. */
interface Basis {
  readonly transport: Transport['kind'];
  readonly identity: Identity;
  /** Where the slot was made. */
  readonly begins: string;
}

/** Why none of its copies can be gone on from; null: they can. */
function whyNever({ tables }: CompiledMapping): string | null {
  for (const { monolith, key, parts } of tables) {
    // In the middle of a transaction two rows may have the same key: which of them a change is of, nobody knows.
    if (monolith.primaryKeyDeferrable)
      return `the key of ${tableName(monolith)} in the monolith is deferrable`;
    if (!isUniqueKey(monolith, key))
      return `nothing in the monolith keeps (${key.join(', ')}) of ${tableName(monolith)} unique`;
    for (const part of parts)
      if (
        part.service.primaryKeyDeferrable ||
        !isUniqueKey(part.service, part.shared?.unique ?? part.key)
      )
        return `the key of ${tableName(part.service)} is deferrable, so a row that is there cannot be passed over`;
  }
  return null;
}

/** Stores what another attempt needs, when the tables are empty and nothing was read. */
export async function canResume(
  { service, context, epoch, mapping, look, transport }: CopyOptions,
  {
    mark,
    position,
    history,
    identity,
  }: {
    readonly mark: CopyMark;
    readonly position: Lsn;
    readonly history: StreamHistory;
    readonly identity: Identity;
  },
): Promise<void> {
  if (whyNever(mapping) !== null) return;
  // Emptied, the service's tables lie elsewhere.
  const known: Basis = {
    transport: transport.kind,
    begins: lsnToText(position),
    identity: { ...identity, service: (await look()).service },
  };
  await inTransaction(service, async () => {
    await openStreamRow(service, copyStream(context), { epoch: BigInt(epoch), position, history });
    await writeIdentityRow(service, copyStream(context), { epoch, identity: known });
    await keepCopy(service, mark);
  });
}

/** What was applied, or is to be applied, is not to be had from the source any more. */
const goneForGood = new Set([
  'SLOT_LOST',
  'POSITION_GAP',
  'HISTORY_CHANGED',
  'SCHEMA_CHANGED',
  'DECODE_FAILED',
]);

/**
 * Makes ready to go on with a copy that was cut off. The rows that are there are brought to the position of a new snapshot by
 * the changes that the slot of the first attempt kept; what is missing is then read in that snapshot. So at no moment the
 * service's tables hold a row as it never was together with the others. Null: there is nothing to go on with.
 * @throws StranglerError whatever may pass (connections, locks): the next attempt goes on
 */
export async function resumeCopy(options: CopyOptions): Promise<CopyAttempt | null> {
  const { service, context, onNote } = options;
  const left = await copyUnderWay(service, context);
  if (left === undefined) return null;
  try {
    if (!left.resumable)
      throw new CannotResume(
        whyNever(options.mapping) ?? 'it had not begun to read, or an earlier release read',
      );
    return await prepareResume(options);
  } catch (error) {
    const gone = isStranglerError(error) && goneForGood.has(error.code);
    if (!gone && !(error instanceof CannotResume)) throw error;
    onNote(begunAnew(context, error));
    return null;
  }
}

async function prepareResume(options: CopyOptions): Promise<CopyAttempt> {
  const { source, service, context, names, signal, tables, transport } = options;
  const { row, identity, begins } = await whatIsThere(options);
  const mark = { context, copier: randomUUID() };
  const history = await withStreamLock(source, 'session', async () => {
    await options.stillMine();
    // From here on the earlier copier writes nothing: what it read is older than what is applied next.
    await inTransaction(service, async () => {
      const { resumable } = await takeCopyMark(service, mark);
      if (!resumable) throw new CannotResume('another worker began it anew');
      await keepCopy(service, mark);
    });
    const { confirmed } = await requireSlot(source.client, names.slot);
    // Nothing of it was applied yet: it stands where it was made, or it is another one of the same name. A carrier moves it.
    const untouched = transport.kind === 'embedded' && begins === lsnToText(row.position);
    if (untouched && (confirmed ?? 0n) > row.position)
      throw new CannotResume(`replication slot ${names.slot} has moved on`);
    await requireSame(options, { row, identity });
    const begun = await beginHistory(source, row.history?.mark?.line);
    await transport.ensure(source, {
      tables,
      signal,
      ...(options.onDifference && { onDifference: options.onDifference }),
    });
    return begun;
  });
  // Most of the way without a snapshot: it keeps the monolith's dead rows for as long as it waits.
  const until = await currentLsn(source.client);
  options.onNote(
    `goes on with the copy of ${context} that was cut off: first the changes from ` +
      `${lsnToText(row.position)} to ${lsnToText(until)} and later of the rows that are there`,
  );
  await catchUpCopy(options, until);
  const { snapshot, filesBefore } = await makeSnapshot(options, mark);
  const { position } = snapshot;
  try {
    const checkpoint = await catchUpCopy(options, position);
    return {
      snapshot,
      position,
      history,
      checkpoint,
      identity,
      filesBefore,
      copy: { resume: { mark } },
    };
  } catch (error) {
    await snapshot.close();
    throw error;
  }
}

const makeSnapshot = (
  { source, mapping, monolithUrl, signal, stillMine }: CopyOptions,
  { copier }: CopyMark,
): Promise<Pick<CopyAttempt, 'snapshot' | 'filesBefore'>> =>
  withStreamLock(source, 'session', async () => {
    await stillMine();
    const filesBefore = await mappedFiles(source.client, mapping);
    // A name of its own: the session of a machine that died may hold its slot for hours.
    const name = `strangler_copy_${copier.replaceAll('-', '')}`;
    return { filesBefore, snapshot: await createSlotWithSnapshot(monolithUrl, name, signal, true) };
  });

async function whatIsThere({
  service,
  context,
  epoch,
  mapping,
  transport,
}: CopyOptions): Promise<{ readonly row: StreamRow } & Pick<Basis, 'identity' | 'begins'>> {
  const { context: name, direction } = copyStream(context);
  const row = await readStreamRow(service, name, direction);
  const known = await readIdentityRow<Basis>(service, { context: name, direction });
  if (row === null || known === undefined) throw new CannotResume('its position is gone');
  if (row.epoch !== BigInt(epoch))
    throw new CannotResume(`it belongs to epoch ${row.epoch}, and this is epoch ${epoch}`);
  if (known.identity.transport !== transport.kind)
    throw new CannotResume(
      `its changes travel by ${known.identity.transport}, not ${transport.kind}`,
    );
  const never = whyNever(mapping);
  if (never !== null) throw new CannotResume(never);
  const { rows } = await service.query<{ may: string }>(
    `SELECT has_database_privilege(current_database(), 'TEMP')::text AS may`,
  );
  if (rows[0]?.may !== 'true')
    throw new CannotResume("the role may not make temporary tables in the service's database");
  const { identity, begins } = known.identity;
  return { row, identity, begins };
}

/** @throws CannotResume rows may be there, or be missing, without a change that says so */
async function requireSame(
  { source, look }: CopyOptions,
  { row, identity }: { readonly row: StreamRow; readonly identity: Identity },
): Promise<void> {
  if (row.history !== null) {
    const { why } = await compareHistory(source, row.history, row.position);
    if (why !== null) throw new CannotResume(`the monolith's database has another history: ${why}`);
  }
  // Where rows lie is asked table by table: pages of before mean nothing then, the rows are the same.
  // Who wrote past the fence, and what a Connect that began anew left out, is found by the first comparison, which follows the copy.
  const changes = whatChanged(identity, await look()).filter(
    ({ kind }) => kind !== 'storage' && kind !== 'fence' && kind !== 'carrier',
  );
  if (changes.length > 0) throw new CannotResume(changesText(changes));
}
