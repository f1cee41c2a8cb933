import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import {
  acrossBorder,
  type CommonWrite,
  decidedReasons,
  frequency,
  mappedNames,
  TogetherCounter,
  transactionsOf,
} from '../surroundings/written-together.ts';
import { watchLog } from '../stream/source/watch-log.ts';
import { replicated } from './mapping.ts';
import type { Toolkit } from './toolkit.ts';

export interface WrittenTogetherOptions {
  readonly context: string;
  readonly side: Side;
  /** How long to watch; 0 shows what earlier watches saw. */
  readonly seconds: number;
  /** Earlier watches no longer count. */
  readonly forget?: boolean;
}

export interface TogetherPair extends CommonWrite {
  /** Transactions that wrote `table`, with `other` or without. */
  readonly all: number;
  /** In words. */
  readonly frequency: string;
  /** Of the context file; `null`: nobody decided. */
  readonly reason: string | null;
}

export interface WrittenTogetherResult {
  readonly context: string;
  readonly side: Side;
  /** All watches together. */
  readonly watchedSeconds: number;
  readonly pairs: readonly TogetherPair[];
  /** Mapped tables that were seen written. */
  readonly tables: readonly string[];
}

const LOOK_EVERY_MS = 1_000;

/**
 * Watches the log of one side and counts which tables outside of the context are written in one transaction with its own. What
 * was seen is kept for `doctor` and the gate `decisions`, look by look, so that nothing is lost with the process.
 *
 * @throws StranglerError MOVE_NOT_ALLOWED, LOG_DECODER_MISSING, WAL_LEVEL, NO_REPLICATION_SLOTS, DB_PRIVILEGE
 */
export async function writtenTogether(
  kit: Toolkit,
  { context, side, seconds, forget = false }: WrittenTogetherOptions,
): Promise<WrittenTogetherResult> {
  const definition = await replicated(kit, context);
  const { together } = await kit.control();
  if (forget) await together.forget(context, side);
  if (seconds > 0) await watch(kit, definition, { side, seconds });
  const seen = await together.seen(context, side);
  const reasons = decidedReasons(definition, side);
  return {
    context,
    side,
    watchedSeconds: (await together.watched(context, side))?.seconds ?? 0,
    pairs: acrossBorder(seen, mappedNames(definition, side)).map((pair) => ({
      ...pair,
      all: transactionsOf(pair.table, seen),
      frequency: frequency(pair, seen),
      reason: reasons.get(pair.other) ?? null,
    })),
    tables: seen.filter(({ other }) => other === null).map(({ table }) => table),
  };
}

async function watch(
  kit: Toolkit,
  definition: MigrationDefinition,
  { side, seconds }: { readonly side: Side; readonly seconds: number },
): Promise<void> {
  const { context } = definition;
  const { together } = await kit.control();
  const mapped = mappedNames(definition, side);
  await kit.withDatabase(definition, side, async (client) => {
    kit.tell('watch', `the log of the ${side}, for ${seconds} s`, 'started');
    const log = await watchLog(client);
    try {
      const began = performance.now();
      let recorded = began;
      let transactions = 0;
      for (;;) {
        const counter = new TogetherCounter(mapped);
        for (const written of await log.look()) counter.add(written);
        const now = performance.now();
        await together.add(context, side, {
          seconds: (now - recorded) / 1000,
          counts: counter.counts(),
        });
        recorded = now;
        transactions += counter.transactions;
        const left = seconds * 1000 - (now - began);
        kit.tell(
          'watch',
          `${transactions} transactions, ${Math.max(0, Math.ceil(left / 1000))} s to go`,
          'update',
        );
        if (left <= 0) break;
        await kit.pause(Math.min(LOOK_EVERY_MS, left));
      }
    } finally {
      await log.close();
    }
  });
}
