import type { Mask, RouteDefinition } from '@strangler-toolkit/plan';

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
  /** With these the two texts would be the same. */
  readonly masks?: readonly Mask[];
}
export type Rules = NonNullable<RouteDefinition['compare']>;
