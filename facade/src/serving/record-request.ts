import { isUnclaimedRoute } from '../telemetry/unclaimed.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { shownPath } from './shown-path.ts';

/** One line in the log and two metrics per request, when its answer is over; what nobody claims is counted by its path. */
export function recordRequest(
  { metrics, accessLog, noteUnclaimed }: Pick<Serving, 'metrics' | 'accessLog' | 'noteUnclaimed'>,
  { arrival, response, told }: Passage,
): void {
  const { method, trace, claim, started } = arrival;
  const path = shownPath(arrival);
  const { side, reason, epoch } = told;
  const context = claim?.route.context ?? '';
  const route = claim?.route.definition.name ?? '';
  const seconds = (performance.now() - started) / 1_000;
  const status = response.headersSent ? response.statusCode : 499;
  metrics.meters.of(claim?.route).record(side, reason, status, seconds);
  if (claim === undefined && isUnclaimedRoute(status)) noteUnclaimed(method, path);
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
