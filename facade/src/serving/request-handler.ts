import type { IncomingMessage, ServerResponse } from 'node:http';
import { canonicalTarget } from '../routing/canonical-path.ts';
import { traceOf } from '../telemetry/trace.ts';
import { giveAnswer, giveFailure } from './answer.ts';
import { hasBody, upstreamHeaders } from '../proxy/headers.ts';
import { peerOf } from '../proxy/peer.ts';
import { sendProblem } from '../proxy/problem.ts';
import type { Passage, Serving } from './serve.ts';
import { serveSteered } from './serve-read.ts';
import { serveWrite } from './serve-write.ts';
import { tryUpstream } from './try-upstream.ts';

async function serveUnclaimed(serving: Serving, passage: Passage): Promise<void> {
  const attempt = await tryUpstream(
    serving,
    passage,
    serving.monolithUrl,
    serving.limits.timeoutMs,
  );
  if (attempt.kind === 'client-gone') return;
  if (attempt.kind === 'answer') return giveAnswer(serving, passage, attempt.answer);
  serving.metrics.upstreamFailures.inc({
    context: '',
    side: 'monolith',
    kind: attempt.failure.kind,
  });
  giveFailure(passage, attempt.failure);
}

function finish(serving: Serving, passage: Passage): void {
  const { told, response, started, method, path, requestId } = passage;
  const { context, route, side, reason } = told;
  const seconds = (performance.now() - started) / 1_000;
  const status = response.headersSent ? response.statusCode : 499;
  serving.metrics.requests.inc({
    context,
    route,
    side,
    reason,
    status: `${Math.floor(status / 100)}xx`,
  });
  serving.metrics.duration.observe({ context, route, side }, seconds);
  serving.log.info(
    {
      method,
      path,
      status,
      context,
      route,
      target: side,
      reason,
      epoch: told.epoch,
      traceId: told.traceId,
      requestId,
      ms: Math.round(seconds * 1e6) / 1e3,
      ...(response.writableFinished ? {} : { aborted: true }),
    },
    'request',
  );
}

/** The way of a request: canonical path, route, target, answer. */
export function requestHandler(
  serving: Serving,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const peer = peerOf(request, serving.trusted);
    const original = request.headers;
    const trace = traceOf(original, peer.trusted);
    const { requestId } = trace;
    const method = request.method ?? 'GET';
    const refuse = (status: number, code: string, detail: string): void => {
      serving.metrics.rejected.inc({ code });
      serving.log.info(
        { method, status, code, traceId: trace.traceId, requestId },
        'request refused',
      );
      sendProblem(response, { status, code, detail, requestId });
    };
    const target = canonicalTarget(request.url ?? '');
    if (!target.ok) return refuse(400, 'PATH_REFUSED', `Refused: ${target.reason}.`);
    const coding = original['transfer-encoding'];
    if (coding !== undefined && coding.toLowerCase() !== 'chunked')
      return refuse(501, 'TRANSFER_ENCODING', 'Only chunked transfer encoding is supported.');
    const gone = new AbortController();
    response.setMaxListeners(30);
    const route = serving.table.match(method, target.path);
    const passage: Passage = {
      request,
      response,
      method,
      path: target.path,
      search: target.search,
      original,
      peer,
      requestId,
      gone: gone.signal,
      headers: upstreamHeaders(method, original, peer, trace),
      withBody: hasBody(original),
      started: performance.now(),
      told: {
        context: route?.context ?? '',
        route: route?.definition.name ?? '',
        side: 'monolith',
        reason: 'unclaimed',
        epoch: '',
        traceId: trace.traceId,
      },
    };
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
      finish(serving, passage);
    });
    const plan = route && serving.contexts.get(route.context);
    // the client waits for this before it sends its body; it gets it when the body has somewhere to go
    const welcome = (): void => {
      if (original.expect?.toLowerCase() === '100-continue') response.writeContinue();
    };
    if (!route || !plan) {
      welcome();
      return serveUnclaimed(serving, passage);
    }
    const view = serving.ownership.states.get(route.context);
    if (route.definition.kind === 'write' && view.dataKind === 'replicated')
      return serveWrite(serving, passage, plan, route, welcome);
    welcome();
    return serveSteered(serving, passage, plan, route);
  };
}
