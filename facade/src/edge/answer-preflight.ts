import { whatIsAsked } from '@strangler-toolkit/plan';
import type { Passage } from '../serving/passage.ts';
import type { Serving } from '../serving/serving.ts';
import { preflightHeaders, preflightOf, ruleThatLets } from './cors.ts';

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
  const claim = found.found.kind === 'claimed' ? found.found.claim : undefined;
  const duties = claim
    ? [claim, ...(claim.operations ?? [])].map((one) => one.duties)
    : [unclaimedDuties];
  const cors = ruleThatLets(
    duties.map((one) => one?.cors),
    asked.origin,
  );
  if (!cors) return false;
  told.reason = 'preflight';
  told.unasked = true;
  response.writeHead(204, [
    ...preflightHeaders(cors, asked).flat(),
    ...['x-request-id', arrival.trace.requestId],
  ]);
  response.end();
  return true;
}
