import { isReadingMethod } from '@strangler-toolkit/plan';
import { endRequest } from '../telemetry/spans/end-request.ts';
import { isUnclaimedRoute } from '../telemetry/unclaimed.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { shownPath } from './shown-path.ts';

/** A client that went away may have been heard; what is not there writes nothing. */
const mayBeThere = (status: number): boolean => status === 499 || isUnclaimedRoute(status);

const isWrite = ({ claim, asks, method }: Passage['arrival']): boolean =>
  claim ? claim.route.definition.kind === 'write' : (asks?.changes ?? !isReadingMethod(method));

/** A context's route may have been forgotten: of GraphQL a mutation, which nobody tells from a query by its method. */
const maybeForgotten = ({ claim, asks }: Passage['arrival']): boolean =>
  claim === undefined && (asks === undefined || (asks.unclaimed && asks.changes));

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
  if (maybeForgotten(arrival) && isUnclaimedRoute(status)) noteUnclaimed(method, path);
  if (side === 'monolith' && !unasked && (claim !== undefined || mayBeThere(status))) {
    const note = isWrite(arrival) ? noteWrite : noteRead;
    note?.({ method, path, context, route, traceId: trace.traceId }, seconds);
  }
  if (trace.span)
    endRequest(trace.span, {
      method,
      path,
      route: claim?.route.definition.path,
      status,
      encrypted: arrival.peer.encrypted,
      attributes: {
        'strangler.target': side,
        'strangler.reason': reason,
        'strangler.request_id': trace.requestId,
        ...(claim && {
          'strangler.context': context,
          'strangler.route': route,
          'strangler.epoch': epoch,
        }),
      },
    });
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
