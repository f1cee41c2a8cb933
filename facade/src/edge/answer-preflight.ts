import { whatIsAsked } from '@strangler-toolkit/plan';
import type { Passage } from '../serving/passage.ts';
import type { Serving } from '../serving/serving.ts';
import { preflightHeaders, preflightOf } from './cors.ts';

/** True: it was a browser's question about a route whose origins the facade knows, and has its answer. */
export function answerPreflight(
  { claims, unclaimedDuties }: Pick<Serving, 'claims' | 'unclaimedDuties'>,
  { arrival, response, told }: Passage,
): boolean {
  const { request, method, target } = arrival;
  const asked = preflightOf(method, request.rawHeaders);
  if (!asked) return false;
  const { rawHeaders, headers } = request;
  const wish = { method: asked.method, url: target, rawHeaders, headers };
  const found = whatIsAsked(claims.find, wish);
  if ('refused' in found) return false;
  const duties = found.found.kind === 'claimed' ? found.found.claim.duties : unclaimedDuties;
  if (!duties?.cors) return false;
  told.reason = 'preflight';
  told.unasked = true;
  response.writeHead(204, [
    ...preflightHeaders(duties.cors, asked).flat(),
    ...['x-request-id', arrival.trace.requestId],
  ]);
  response.end();
  return true;
}
