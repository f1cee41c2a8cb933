import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { admit } from '../admission/front-stage.ts';
import { overloaded } from '../admission/shedding.ts';
import { hasBody, upstreamHeaders } from '../proxy/headers.ts';
import { sendProblem } from '../proxy/problem.ts';
import type { Passage } from '../serving/passage.ts';
import { recordRequest } from '../serving/record-request.ts';
import { serve } from '../serving/serve.ts';
import type { Serving } from '../serving/serving.ts';

/** From the front stage to an answer. */
function answer(
  serving: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> | undefined {
  const { shedding, metrics } = serving;
  if (shedding.full) {
    metrics.rejected.inc({ code: overloaded.code });
    sendProblem(response, overloaded);
    return undefined;
  }
  const arrival = admit(serving, request, 'request');
  if (!arrival.admitted) {
    sendProblem(response, arrival.problem);
    return undefined;
  }
  const { host, peer, trace } = arrival;
  const { rawHeaders } = request;
  response.setMaxListeners(30);
  const { testers } = serving;
  if (testers) arrival.tester = testers.of(rawHeaders);
  const headers = upstreamHeaders({ rawHeaders, host }, peer, trace);
  const passage: Passage = {
    arrival,
    response,
    headers: testers ? testers.strip(headers) : headers,
    withBody: hasBody(rawHeaders),
    told: { side: 'monolith', reason: 'unclaimed', epoch: '' },
  };
  shedding.inFlight++;
  response.on('close', () => {
    shedding.inFlight--;
    recordRequest(serving, passage);
  });
  return serve(serving, passage);
}

/** The clients' port. While the facade drains, clients are told to come back on another connection. */
export function httpEntrance(serving: Serving, draining: () => boolean): RequestListener {
  const fail = (response: ServerResponse, error: unknown): void => {
    const text = error instanceof Error ? error.stack : String(error);
    serving.log.error({ err: text }, 'request failed inside the facade');
    sendProblem(response, {
      status: 500,
      code: 'INTERNAL',
      detail: 'The facade failed; its log says why.',
    });
  };
  return (request, response) => {
    if (draining()) response.shouldKeepAlive = false;
    try {
      answer(serving, request, response)?.catch((error: unknown) => fail(response, error));
    } catch (error) {
      fail(response, error);
    }
  };
}
