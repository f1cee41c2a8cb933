import { gateSettings, StranglerError } from '@strangler-toolkit/plan';
import { voidSince } from '../identity/void-since.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { Lsn } from '../stream/change-event.ts';
import { verify } from '../verify/verify.ts';
import { type Detail, type MoveState, type MoveStep, timeLeft } from './move-state.ts';
import { mappingOf } from './sequence-step.ts';

/** Rows per second that verification surely reads; what would take longer than the limit is not begun. */
const assumedRate = 50_000;
const limitMs = 2000;
const endOfLog: Lsn = 0xffff_ffff_ffff_ffffn;

const estimate = (mapping: CompiledMapping): number =>
  mapping.tables.reduce((sum, table) => sum + table.monolith.estimatedRows, 0);

/**
 * Under the fence both sides stand still, so a comparison is exact: of everything, if that fits into the pause. Comparing
 * only «the rows changed lately» would need a list of keys that is as trustworthy as the stream it shall check. So when the
 * tables are too large, the move rests on the newest full verification, which must be fresh and clean, and says so.
 */
export const comparingHeld = (compare: typeof verify): MoveStep => ({
  name: 'verify',
  phase: 'before',
  async execute(move): Promise<Detail> {
    const mapping = await mappingOf(move);
    const rows = estimate(mapping);
    const budget = timeLeft(move, limitMs);
    if ((rows / assumedRate) * 1000 > budget)
      return rest(move, `about ${rows} rows do not fit into ${Math.round(budget)} ms`);
    const limit = AbortSignal.timeout(Math.max(1, Math.round(budget)));
    try {
      const result = await compare({
        mapping,
        monolithUrl: move.sides.url('monolith'),
        serviceUrl: move.sides.url('service'),
        direction: move.plan.closing,
        // The tables are fenced and everything is applied: whatever position the source's log has reached, none of it is ours.
        appliedPosition: async () => endOfLog,
        chunkRows: 2000,
        onProgress: () => {},
        signal: AbortSignal.any([move.signal, limit]),
      });
      if (result.differences > 0) {
        const tables = result.tables
          .filter((table) => table.differing.length > 0)
          .map((table) => ({ table: table.table, keys: table.differing.slice(0, 20) }));
        throw new StranglerError(
          'VERIFY_DIFFERENCES',
          `${result.differences} rows differ between the ${move.plan.from} and the ${move.plan.to}; the owner stays`,
          { details: { tables } },
        );
      }
      // Nobody but replication writes fenced tables, so a row that never stood still is not clean either.
      if (result.unsettled > 0)
        throw new StranglerError(
          'VERIFY_DIFFERENCES',
          `${result.unsettled} rows kept changing behind the fence and could not be compared; the owner stays`,
        );
      return { verified: 'all', rowsCompared: result.rowsCompared, seconds: result.seconds };
    } catch (error) {
      if (limit.aborted && !move.signal.aborted)
        return rest(move, `comparing everything did not end within ${Math.round(budget)} ms`);
      throw error;
    }
  },
  async dryRun(move) {
    const rows = estimate(await mappingOf(move));
    return (rows / assumedRate) * 1000 > limitMs
      ? { ...(await rest(move, 'too many rows for the pause')), rows }
      : { verified: 'all', rows };
  },
});

export const verifyHeld: MoveStep = comparingHeld(verify);

async function rest(move: MoveState, reason: string): Promise<Detail> {
  const evidence = await move.control.evidence.latest(
    move.definition.context,
    'verification',
    move.epoch,
  );
  const { verificationMaxAgeSeconds } = gateSettings(move.definition);
  if (!evidence?.ok || evidence.ageSeconds > verificationMaxAgeSeconds) {
    throw new StranglerError(
      'GATE_REFUSED',
      `${reason}, and there is no clean verification younger than ${verificationMaxAgeSeconds} s to rest on`,
      { remedy: `strangler verify ${move.definition.context}, then try again.` },
    );
  }
  if (move.identity === undefined)
    throw new StranglerError('INTERNAL', 'nobody looked what the tables are');
  const since = voidSince(evidence.detail.identity, move.identity);
  if (since !== undefined)
    throw new StranglerError(
      'GATE_REFUSED',
      `${reason}, and the verification to rest on is void since: ${since}`,
      { remedy: `strangler verify ${move.definition.context}, then try again.` },
    );
  return {
    verified: 'by evidence',
    reason,
    evidenceId: evidence.id,
    ageSeconds: Math.round(evidence.ageSeconds),
  };
}
