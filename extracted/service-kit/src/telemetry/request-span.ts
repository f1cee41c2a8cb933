import type { IncomingMessage } from 'node:http';
import { context, isSpanContextValid, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { NextFunction, Request, Response } from 'express';
import type { TraceContext } from '../http/trace-context.ts';
import { callerOf, ofSpan } from './caller.ts';
import { routeLabel } from './route-label.ts';

/** A request as an OpenTelemetry SDK is told of it, where the service has one. */
export interface ToldRequest {
  /** Undefined: nobody is told. */
  readonly trace: TraceContext | undefined;
  within(next: NextFunction): void;
  end(request: Request, response: Response): void;
}

const nobody: ToldRequest = { trace: undefined, within: (next) => next(), end: () => {} };

export function tellRequest(
  { method = 'GET' }: IncomingMessage,
  { parent, shadow }: { readonly parent: TraceContext | undefined; readonly shadow: boolean },
): ToldRequest {
  // a service whose HTTP is instrumented has a span for it already
  const active = trace.getActiveSpan();
  if (active && isSpanContextValid(active.spanContext()))
    return { ...nobody, trace: ofSpan(active) };
  const caller = callerOf(parent);
  const span = trace.getTracer('@strangler-toolkit/service-kit').startSpan(
    method,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': method,
        ...(shadow && { 'strangler.shadow': true }),
      },
    },
    caller,
  );
  // without an SDK it is the caller's own context that comes back
  const { spanId } = span.spanContext();
  if (!isSpanContextValid(span.spanContext()) || spanId === parent?.spanId) return nobody;
  return {
    trace: ofSpan(span),
    within: (next) => context.with(trace.setSpan(caller, span), next),
    end(request, response) {
      const route = routeLabel(request);
      const { statusCode } = response;
      if (route !== 'unmatched') {
        span.updateName(`${method} ${route}`);
        span.setAttribute('http.route', route);
      }
      span.setAttribute('http.response.status_code', statusCode);
      if (statusCode >= 500 || !response.writableFinished) {
        span.setAttribute('error.type', statusCode >= 500 ? String(statusCode) : 'client-gone');
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}
