import { isReadingMethod } from '@strangler-toolkit/plan';
import { isUnclaimedRoute } from '../telemetry/unclaimed.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { shownPath } from './shown-path.ts';

/** A client that went away may have been heard; what is not there writes nothing. */
const mayBeThere = (status: number): boolean => status === 499 || isUnclaimedRoute(status);

const isWrite = (claim: Claim | undefined, method: string): boolean =>
  claim ? claim.route.definition.kind === 'write' : !isReadingMethod(method);

/** One line in the log and two metrics per request, when its answer is over; what nobody claims is counted by its path. */
export function recordRequest(
  {
    metrics,
    accessLog,
    noteUnclaimed,
    noteWrite,
    noteRead,
  }: Pick<Serving, 'metrics' | 'accessLog' | 'noteUnclaimed' | 'noteWrite' | 'noteRead'>,
  { arrival, response, told }: Passage,
): void {
  const { method, trace, claim, started } = arrival;
  const path = shownPath(arrival);
  const { side, reason, epoch, unasked = false } = told;
  const context = claim?.route.context ?? '';
  const route = claim?.route.definition.name ?? '';
  const seconds = (performance.now() - started) / 1_000;
  const status = response.headersSent ? response.statusCode : 499;
  metrics.meters.of(claim?.route).record(side, reason, status, seconds);
  if (claim === undefined && isUnclaimedRoute(status)) noteUnclaimed(method, path);
  if (side === 'monolith' && !unasked && (claim !== undefined || mayBeThere(status))) {
    const note = isWrite(claim, method) ? noteWrite : noteRead;
    note?.({ method, path, context, route, traceId: trace.traceId }, seconds);
  }
  accessLog({
    method,
    path,
    status,
    context,
    route,
    target: side,
    reason,
    epoch,
    traceId: trace.traceId,
    requestId: trace.requestId,
    ms: Math.round(seconds * 1e6) / 1e3,
    aborted: response.writableFinished ? undefined : true,
  });
}
