import type { IncomingHttpHeaders } from 'node:http';
import type { Observed } from '../shadow/difference.ts';
import { renameBody, saysJson } from './rename-body.ts';
import { type Rewrite, rewriteHeadersObject } from './rewrite.ts';

export interface AskedOfSide {
  readonly headers: IncomingHttpHeaders;
  readonly body?: Buffer;
}

/** What a shadow needs to see a side as clients would. */
export interface SeenThrough {
  /** Compressed or not: a body with other names is sent as text, as it is to the side that serves. */
  request(asked: AskedOfSide): Promise<AskedOfSide>;
  answer(observed: Observed): Promise<Observed>;
}

const linesOf = (headers: Observed['headers'], ...names: string[]): string[] =>
  names.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [name, value] : [];
  });

/** Requests and answers of a side whose messages the edge rewrites: parity is about what clients see. */
export function seenThrough({ request, answer, maxBytes }: Rewrite): SeenThrough {
  const renamed = async (
    body: Buffer,
    head: readonly string[],
    fields: Rewrite['answer']['fields'],
  ): Promise<Buffer | undefined> => {
    if (fields.length === 0 || !saysJson(head)) return undefined;
    const outcome = await renameBody(body, head, { fields, maxBytes });
    return 'body' in outcome ? outcome.body : undefined;
  };
  return {
    async request({ headers, body }) {
      const head = linesOf(headers, 'content-type', 'content-encoding');
      const others = body && (await renamed(body, head, request.fields));
      const sent = rewriteHeadersObject(headers, request);
      if (others) delete sent['content-encoding'];
      return { headers: sent, ...(body && { body: others ?? body }) };
    },
    answer: async (observed) => ({
      status: observed.status,
      headers: rewriteHeadersObject(observed.headers as IncomingHttpHeaders, answer),
      // unpacked already, whatever its head says
      body:
        (await renamed(observed.body, linesOf(observed.headers, 'content-type'), answer.fields)) ??
        observed.body,
    }),
  };
}
