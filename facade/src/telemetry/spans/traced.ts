import type { Attributes, Span } from '@opentelemetry/api';

/** A request whose tries are told. */
export interface Traced {
  readonly span: Span;
  /** Of the request, without identifiers. */
  readonly path: string;
  readonly attributes: Attributes;
  /** How often it was sent. */
  tries: number;
}
