import type { RouteDefinition } from '@strangler-toolkit/plan';

export interface Observed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Decoded. */
  readonly body: Buffer;
}
export interface Difference {
  /** `status`, `header:…`, `body`, or a JSON pointer. */
  readonly path: string;
  readonly reference: unknown;
  readonly candidate: unknown;
  /** The lists hold the same items. */
  readonly onlyOrder?: true;
}
export type Rules = NonNullable<RouteDefinition['compare']>;
