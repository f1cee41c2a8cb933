import { compareSchemas, type SchemaChange } from './compare-schemas.ts';
import { isObject, type Json, type Operation, operationsOf, resolver } from './document.ts';

export type BreakingKind =
  | 'route-missing'
  | 'status-missing'
  | 'media-type-missing'
  | 'parameter-missing'
  | 'parameter-required'
  | 'body-required'
  | `answer-${SchemaChange}`
  | `request-${SchemaChange}`;

export interface BreakingDifference {
  readonly kind: BreakingKind;
  /** `GET /api/products/{}` */
  readonly route: string;
  /** Which part of it, and what it was and is. */
  readonly detail: string;
}

export interface ComparedDocuments {
  /** Operations that both have. */
  readonly compared: readonly string[];
  readonly breaking: readonly BreakingDifference[];
}

const schemaOf = (content: unknown): unknown => (isObject(content) ? content.schema : undefined);

/**
 * What a client of the first document would stumble over at the second. Only operations that `concerns` are looked at.
 */
export function compareDocuments(
  before: Json,
  after: Json,
  concerns: (operation: string) => boolean = () => true,
): ComparedDocuments {
  const [old, now] = [operationsOf(before), operationsOf(after)];
  const resolve = { before: resolver(before), after: resolver(after) };
  const breaking: BreakingDifference[] = [];
  const compared: string[] = [];

  const compare = (a: Operation, b: Operation): void => {
    const tell = (kind: BreakingKind, detail: string): void =>
      void breaking.push({ kind, route: a.key, detail });
    for (const { where } of a.parameters)
      if (!b.parameters.some((each) => each.where === where)) tell('parameter-missing', where);
    for (const { where, required } of b.parameters)
      if (required && !a.parameters.some((each) => each.where === where && each.required))
        tell('parameter-required', where);
    if (b.bodyRequired && Object.keys(a.body).length === 0) tell('body-required', 'a body');
    contents(a.body, b.body, 'request', '');
    for (const [status, content] of Object.entries(a.answers)) {
      const answered = b.answers[status];
      if (answered === undefined) tell('status-missing', status);
      else contents(content, answered, 'answer', `${status} `);
    }
    function contents(x: Json, y: Json, direction: 'answer' | 'request', part: string): void {
      for (const [type, media] of Object.entries(x)) {
        if (y[type] === undefined) {
          tell('media-type-missing', `${part}${direction} ${type}`);
          continue;
        }
        const both = { before: schemaOf(media), after: schemaOf(y[type]) };
        for (const { kind, at, before: was, after: is } of compareSchemas(both, direction, resolve))
          tell(`${direction}-${kind}`, `${part}${at}: ${was} → ${is}`);
      }
    }
  };

  for (const [key, operation] of old) {
    if (!concerns(key)) continue;
    const counterpart = now.get(key);
    if (counterpart === undefined)
      breaking.push({ kind: 'route-missing', route: key, detail: 'not described' });
    else {
      compared.push(key);
      compare(operation, counterpart);
    }
  }
  return { compared, breaking };
}
