import { parseType } from '../type-compatibility.ts';
import type { Way } from './conversion.ts';

/** Of a number's digits without the point: two of them are those of cents, on both sides. */
interface Bounds {
  readonly lowest: bigint;
  readonly highest: bigint;
  /** How a server writes such digits as a number of the type. */
  readonly literal: (digits: bigint) => string;
}

const bits: Readonly<Record<string, bigint>> = { smallint: 16n, integer: 32n, bigint: 64n };

function boundsOf(type: string): Bounds | null {
  const { base, modifier, array } = parseType(type);
  if (array) return null;
  const width = bits[base];
  if (width !== undefined) {
    const end = 2n ** (width - 1n);
    return { lowest: -end, highest: end - 1n, literal: String };
  }
  const [precision, scale] = (modifier ?? '').split(',');
  if (base !== 'numeric' || precision === undefined || scale === undefined) return null;
  const end = 10n ** BigInt(precision);
  const literal = (digits: bigint): string => `${digits}e-${Number(scale)}`;
  return { lowest: 1n - end, highest: end - 1n, literal };
}

/** `public.products.price`, with its type (of a domain: what it is made of). */
export interface ConvertedColumn {
  readonly name: string;
  readonly type: string;
}

/** The way for values that the other side's column may be too small for; servers would say so without naming the line. */
export function bounded(way: Way, from: ConvertedColumn, to: ConvertedColumn): Way {
  const [source, target] = [boundsOf(from.type), boundsOf(to.type)];
  if (target === null || way.type === to.type) return way;
  const { lowest, highest, literal } = target;
  if (source !== null && source.lowest >= lowest && source.highest <= highest) return way;
  const { exact } = way;
  const fits = (column: string): string =>
    `${way.sql(column)} BETWEEN ${literal(lowest)} AND ${literal(highest)}`;
  const tooSmall = `more than ${to.name} (${to.type}) holds`;
  return {
    ...way,
    text(value) {
      const converted = way.text(value);
      if (converted === null) return null;
      const digits = BigInt(converted.replace('.', ''));
      return digits >= lowest && digits <= highest ? converted : null;
    },
    // CASE, for AND promises no order
    exact: (column) =>
      exact === null
        ? fits(column)
        : `CASE WHEN ${exact(column)} THEN ${fits(column)} ELSE false END`,
    problem: exact === null ? `is ${tooSmall}` : `${way.problem}, or ${tooSmall}`,
  };
}
