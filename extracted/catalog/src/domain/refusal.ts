/** Why the catalog does not do what was asked; `http/` gives each its status and body. */
export type RefusalReason =
  | { readonly kind: 'missing'; readonly what: 'product' | 'category' | 'image' | 'assignment' }
  | { readonly kind: 'conflict'; readonly field: string }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] }
  | { readonly kind: 'bad-id' }
  | { readonly kind: 'bad-parameter'; readonly parameter: string }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'identity-unknown' }
  | { readonly kind: 'no-file' }
  | { readonly kind: 'bad-image-type' };

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

export class Refusal extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, options: { cause?: unknown } = {}) {
    super(reason.kind, options);
    this.reason = reason;
  }
}

export const missing = (what: 'product' | 'category' | 'image' | 'assignment'): Refusal =>
  new Refusal({ kind: 'missing', what });
export const conflict = (field: string): Refusal => new Refusal({ kind: 'conflict', field });
export const invalid = (...problems: FieldProblem[]): Refusal =>
  new Refusal({ kind: 'invalid', problems });
