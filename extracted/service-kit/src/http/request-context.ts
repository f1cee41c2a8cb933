import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { tellRequest, type ToldRequest } from '../telemetry/request-span.ts';
import { isShadow } from './shadow.ts';
import {
  continueTrace,
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from './trace-context.ts';

export interface RequestContext {
  readonly requestId: string;
  readonly trace: TraceContext;
  readonly tracestate: string | undefined;
  readonly shadow: boolean;
}

const storage = new AsyncLocalStorage<RequestContext>();

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** The context, and the span that it is told by; that is another's where somebody instrumented HTTP already. */
function requestContextOf(request: IncomingMessage): {
  context: RequestContext;
  told: ToldRequest;
} {
  const given = single(request.headers['x-request-id']);
  const parent = parseTraceparent(single(request.headers.traceparent));
  const shadow = isShadow(request);
  const told = tellRequest(request, { parent, shadow });
  const context: RequestContext = {
    // A made-up id must not be able to break log lines or headers.
    requestId: given !== undefined && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID(),
    trace: told.trace ?? continueTrace(parent),
    tracestate: parent ? single(request.headers.tracestate) : undefined,
    shadow,
  };
  return { context, told };
}

export function requestContext(): RequestHandler {
  return (request, response, next) => {
    const { context, told } = requestContextOf(request);
    response.setHeader('x-request-id', context.requestId);
    response.once('close', () => told.end(request, response));
    storage.run(context, () => told.within(next));
  };
}

export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** Headers for calls that this request makes to other services. */
export function propagatedHeaders(
  context: RequestContext | undefined = currentRequest(),
): Record<string, string> {
  if (!context) return {};
  return {
    'x-request-id': context.requestId,
    traceparent: formatTraceparent(context.trace),
    ...(context.tracestate === undefined ? {} : { tracestate: context.tracestate }),
    ...(context.shadow ? { 'x-strangler-shadow': '1' } : {}),
  };
}
