import { StranglerError } from '@strangler-toolkit/plan';
import { quoteLiteral } from '../../database/identifiers.ts';
import type { Conversion, Refusal, Way } from './conversion.ts';

/** Values that the context file lists one by one; others pass unchanged. */
export function listedValues(
  values: Readonly<Record<string, string>>,
  line: string,
): Conversion<Way> {
  const { forward, backward } = oneToOne(values, line);
  const refusal: Refusal = {
    code: 'CONFIG_INVALID',
    before: `${line}.values: has no entry for `,
    after: ', which is also what another value becomes',
  };
  return {
    identity: JSON.stringify(
      [...forward].sort((one, other) => (String(one) < String(other) ? -1 : 1)),
    ),
    forward: { ...wayOf(forward, backward), ...refusal },
    backward: { ...wayOf(backward, forward), ...refusal },
    takes: () => true,
  };
}

type Values = ReadonlyMap<string, string>;

/** Passing an image of the other values unchanged would bring it back as another value. */
function wayOf(values: Values, inverse: Values): Way {
  const images = [...inverse.keys()].filter((image) => !values.has(image));
  const refused = new Set(images);
  const cases = [...values].map(
    ([from, to]) => `WHEN ${quoteLiteral(from)} THEN ${quoteLiteral(to)}`,
  );
  return {
    text: (value) => values.get(value) ?? (refused.has(value) ? null : value),
    exact:
      images.length === 0
        ? null
        : (column) => `format('%s', ${column}) NOT IN (${images.map(quoteLiteral).join(', ')})`,
    sql: (column) =>
      cases.length === 0
        ? `format('%s', ${column})`
        : `CASE format('%s', ${column}) ${cases.join(' ')} ELSE format('%s', ${column}) END`,
    type: 'text',
    problem: 'is what another value becomes',
  };
}

function oneToOne(
  values: Readonly<Record<string, string>>,
  line: string,
): { forward: Map<string, string>; backward: Map<string, string> } {
  const forward = new Map(Object.entries(values));
  const backward = new Map<string, string>();
  for (const [from, to] of forward) {
    const other = backward.get(to);
    if (other !== undefined) {
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}.values: '${other}' and '${from}' both become '${to}', so there is no way back; values must be one-to-one`,
      );
    }
    backward.set(to, from);
  }
  return { forward, backward };
}
