import { displayTable } from '../database/identifiers.ts';
import {
  bucketChunk,
  bucketDigests,
  type Chunk,
  digest,
  type Digest,
  keyRanges,
  rowHashes,
  unlikeKeys,
} from './chunks.ts';
import { type Comparison, hasSharedOrder, shownKey } from './comparison.ts';
import {
  type DifferingRow,
  settle,
  type SettleContext,
  type Settled,
  throwIfCancelled,
} from './settle.ts';

export interface TableCounts {
  rows: number;
  chunks: number;
  readonly differing: DifferingRow[];
  readonly unsettled: (readonly string[])[];
  truncated: boolean;
}

export interface CompareTableOptions {
  readonly comparison: Comparison;
  readonly counts: TableCounts;
  readonly report: () => void;
  /** One per chunk at a time. */
  readonly workers: readonly SettleContext[];
  readonly chunkRows: number;
  readonly maxDifferences: number;
  /** Takes differing rows as they are found; they are not counted then. */
  readonly onDiffering?: (rows: readonly DifferingRow[]) => Promise<void>;
}

/** Keys that one round settles: more would make the owner's two reads of a row lie too far apart. */
const settleAtOnce = 500;
/** Buckets whose rows are fetched by one scan. */
const bucketsAtOnce = 20;

export function addSettled(
  counts: TableCounts,
  comparison: Comparison,
  differing: Settled['differing'],
  unsettled: Settled['unsettled'],
): void {
  const part = displayTable(comparison.part.service);
  for (const { shared, row } of differing)
    counts.differing.push({ key: shownKey(comparison, shared), part, ...row });
  for (const shared of unsettled) counts.unsettled.push(shownKey(comparison, shared));
}

export async function compareTable(options: CompareTableOptions): Promise<void> {
  if (options.workers.length === 0) return;
  await (hasSharedOrder(options.comparison) ? compareRanges(options) : compareBuckets(options));
}

/** The first part counts the rows: the others hold more columns of the same ones. */
function count(
  { counts, comparison, report }: CompareTableOptions,
  chunk: Digest | undefined,
): void {
  counts.chunks += 1;
  if (comparison.first) counts.rows += chunk?.rows ?? 0;
  report();
}

/** Runs all workers; the first failure stops the others before it is thrown. */
async function inParallel(
  options: CompareTableOptions,
  work: (context: SettleContext, stopped: () => boolean) => Promise<void>,
): Promise<void> {
  let failed = false;
  const results = await Promise.allSettled(
    options.workers.map((context) =>
      work(context, () => failed || options.counts.truncated).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function compareRanges(options: CompareTableOptions): Promise<void> {
  const { comparison, workers, chunkRows } = options;
  const [planner] = workers;
  if (!planner) return;
  // Requests to a generator queue up, so the workers share it; pg queues the planner's queries among the worker's own.
  const chunks = keyRanges(
    planner.owner.client,
    comparison,
    comparison[planner.owner.side],
    chunkRows,
  );
  await inParallel(options, async (context, stopped) => {
    for (let next = await chunks.next(); !next.done && !stopped(); next = await chunks.next()) {
      throwIfCancelled(context.signal);
      const owners = await digest(context.owner.client, comparison[context.owner.side], next.value);
      const others = await digest(context.other.client, comparison[context.other.side], next.value);
      if (owners.rows !== others.rows || owners.sum !== others.sum)
        await drillDown(options, context, next.value);
      count(options, owners);
    }
  });
}

async function compareBuckets(options: CompareTableOptions): Promise<void> {
  const { comparison, workers, chunkRows } = options;
  const [context] = workers;
  if (!context) return;
  const { owner, other } = context;
  const {
    rows: [size],
  } = await owner.client.query<{ rows: string }>(
    `SELECT count(*) AS rows FROM ${comparison[owner.side].table} WHERE ${comparison[owner.side].meant}`,
  );
  const buckets = Math.max(1, Math.ceil(Number(size?.rows ?? 0) / chunkRows));
  const owners = await bucketDigests(owner.client, comparison[owner.side], buckets);
  const others = await bucketDigests(other.client, comparison[other.side], buckets);
  const unlike: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const [mine, theirs] = [owners.get(bucket), others.get(bucket)];
    if (mine?.rows !== theirs?.rows || mine?.sum !== theirs?.sum) unlike.push(bucket);
    count(options, mine);
  }
  const groups = Array.from({ length: Math.ceil(unlike.length / bucketsAtOnce) }, (_, index) =>
    unlike.slice(index * bucketsAtOnce, (index + 1) * bucketsAtOnce),
  ).values();
  await inParallel(options, async (worker, stopped) => {
    for (let next = groups.next(); !next.done && !stopped(); next = groups.next())
      await drillDown(options, worker, bucketChunk(buckets, next.value));
  });
}

async function drillDown(
  options: CompareTableOptions,
  context: SettleContext,
  chunk: Chunk,
): Promise<void> {
  const { comparison, counts, maxDifferences } = options;
  const { owner, other } = context;
  const keys = unlikeKeys(
    await rowHashes(owner.client, comparison[owner.side], chunk),
    await rowHashes(other.client, comparison[other.side], chunk),
  );
  for (let at = 0; at < keys.length; at += settleAtOnce) {
    throwIfCancelled(context.signal);
    const { differing, unsettled } = await settle(
      context,
      comparison,
      keys.slice(at, at + settleAtOnce),
    );
    if (options.onDiffering === undefined) addSettled(counts, comparison, differing, unsettled);
    else {
      addSettled(counts, comparison, [], unsettled);
      const part = displayTable(comparison.part.service);
      if (differing.length > 0)
        await options.onDiffering(
          differing.map(({ shared, row }) => ({
            key: shownKey(comparison, shared),
            part,
            ...row,
          })),
        );
    }
    if (counts.differing.length + counts.unsettled.length >= maxDifferences) {
      counts.truncated = true;
      return;
    }
  }
}
