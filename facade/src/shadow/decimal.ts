import type { Decimal } from './json-text.ts';

/** `value`: 1 and 1.0 are the same number. `text`: they are not. */
export type NumberRule = 'value' | 'text';

/** Longer exponents are compared as they are written: nobody computes with them. */
const longestExponent = 15;

/** One text for all spellings of a number, whatever its length: digits without zeros around them, and a power of ten. */
function normalForm(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts ?? [];
  if (!parts || exponent.length > longestExponent) return text;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign}${significant}e${power}`;
}

const spelled = (number: number | Decimal): string =>
  typeof number === 'number' ? String(number) : number.text;

export const numberKey = (number: number | Decimal, rule: NumberRule): string =>
  rule === 'value' ? normalForm(spelled(number)) : spelled(number);

/** A number for people: itself where JavaScript can say it, else `#` and its digits. */
export function shownNumber(number: number | Decimal, rule: NumberRule): number | string {
  if (typeof number === 'number') return number;
  const nearest = Number(number.text);
  const same = rule === 'value' && normalForm(String(nearest)) === normalForm(number.text);
  return same ? nearest : `#${number.text}`;
}
