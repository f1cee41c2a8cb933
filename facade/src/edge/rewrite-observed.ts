import type { IncomingHttpHeaders } from 'node:http';
import type { Observed } from '../shadow/difference.ts';
import { renameBody, saysJson } from './rename-body.ts';
import { type Rewrite, rewriteHeadersObject } from './rewrite.ts';

/** What a shadow needs to see a side as clients would. */
export interface SeenThrough {
  headers(headers: IncomingHttpHeaders): IncomingHttpHeaders;
  body(body: Buffer, headers: IncomingHttpHeaders): Promise<Buffer>;
  answer(observed: Observed): Promise<Observed>;
}

const typeOf = (headers: Observed['headers']): string[] => {
  const type = headers['content-type'];
  return typeof type === 'string' ? ['content-type', type] : [];
};

/** Requests and answers of a side whose messages the edge rewrites: parity is about what clients see. */
export function seenThrough({ request, answer, maxBytes }: Rewrite): SeenThrough {
  const renamed = async (
    body: Buffer,
    type: readonly string[],
    fields: Rewrite['answer']['fields'],
  ): Promise<Buffer> => {
    if (fields.length === 0 || !saysJson(type)) return body;
    const outcome = await renameBody(body, type, { fields, maxBytes });
    return 'body' in outcome ? outcome.body : body;
  };
  return {
    headers: (headers) => rewriteHeadersObject(headers, request),
    body: (body, headers) => renamed(body, typeOf(headers), request.fields),
    answer: async (observed) => ({
      status: observed.status,
      headers: rewriteHeadersObject(observed.headers as IncomingHttpHeaders, answer),
      body: await renamed(observed.body, typeOf(observed.headers), answer.fields),
    }),
  };
}
