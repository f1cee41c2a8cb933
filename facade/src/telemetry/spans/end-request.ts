import type { Attributes, Span } from '@opentelemetry/api';
import { spanName } from './names.ts';
import { endSpan } from './spans.ts';

export interface EndedRequest {
  readonly method: string;
  /** Without identifiers. */
  readonly path: string;
  /** As the context file has it. */
  readonly route: string | undefined;
  readonly status: number;
  readonly encrypted: boolean;
  readonly attributes?: Attributes;
}

/** The client left before it had its answer. */
const clientGone = 499;

/** The span of a request ends; what is in it stands in the line of the log as well. */
export function endRequest(
  span: Span,
  { method, path, route, status, encrypted, attributes }: EndedRequest,
): void {
  span.updateName(spanName(method, route));
  endSpan(span, {
    attributes: {
      'url.path': path,
      'url.scheme': encrypted ? 'https' : 'http',
      'http.response.status_code': status,
      ...(route !== undefined && { 'http.route': route }),
      ...attributes,
    },
    error: status >= 500 || status === clientGone ? String(status) : undefined,
  });
}
