// PostgreSQL prints the shortest digits that read back as the same number, strictly between its neighbours' midpoints; JavaScript
// also takes a midpoint that rounds to it (1e23). Layout: %g with 15 digits for float8 and 6 for float4.

const exact = (digits: string): bigint => {
  const [mantissa = '', exponent = '0'] = digits.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
};

const neighbours = (value: number, single: boolean): readonly [number, number] => {
  const float = single ? new Float32Array([value]) : new Float64Array([value]);
  const bits = single ? new Int32Array(float.buffer) : new BigInt64Array(float.buffer);
  const step = (by: 1 | -1): number => {
    if (bits instanceof Int32Array) bits[0] = (bits[0] ?? 0) + by;
    else bits[0] = (bits[0] ?? 0n) + BigInt(by);
    return float[0] ?? 0;
  };
  const above = step(1);
  step(-1);
  return [step(-1), above];
};

/** Whether these digits lie just between a whole number and one of its neighbours. Only whole numbers can have such digits. */
function isMidpoint(digits: string, value: number, single: boolean): boolean {
  const twice = 2n * exact(digits);
  const [below, above] = neighbours(value, single);
  return [below, above].some(
    (neighbour) => Number.isInteger(neighbour) && twice === BigInt(value) + BigInt(neighbour),
  );
}

const shortestLonger = (value: number, from: number, single: boolean): string => {
  for (let precision = from; precision < 17; precision += 1) {
    const digits = value.toExponential(precision - 1);
    if (
      (single ? Math.fround(Number(digits)) : Number(digits)) === value &&
      !isMidpoint(digits, value, single)
    )
      return digits;
  }
  return value.toExponential(16);
};

const inExponent = (text: string): string => {
  const at = text.indexOf('e');
  const mantissa = text.slice(0, at);
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  const power = text.slice(at + 2);
  return `${trimmed}e${text[at + 1]}${power.length === 1 ? '0' : ''}${power}`;
};

const special = (value: number): string =>
  value === 0
    ? Object.is(value, -0)
      ? '-0'
      : '0'
    : Number.isNaN(value)
      ? 'NaN'
      : value > 0
        ? 'Infinity'
        : '-Infinity';

export function float8Text(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e15) return String(value);
  if (size === 0 || !Number.isFinite(value)) return special(value);
  // Below 2^53 a midpoint needs more digits than the shortest, above 1e40 as well.
  if (size >= 2 ** 53 && size < 1e40) {
    const digits = size.toExponential();
    if (isMidpoint(digits, size, false))
      return (
        (value < 0 ? '-' : '') +
        inExponent(shortestLonger(size, digits.length - digits.indexOf('e') + 1, false))
      );
  }
  return inExponent(value.toExponential());
}

const isSingle = (digits: string, size: number): boolean =>
  Math.fround(Number(digits)) === size && !(size >= 2 ** 24 && isMidpoint(digits, size, true));

/** Of two equally near ones JavaScript takes the larger, PostgreSQL the even one. */
function nearest(size: number, precision: number): string {
  const digits = size.toExponential(precision - 1);
  if (!'13579'.includes(digits[digits.indexOf('e') - 1] ?? '')) return digits;
  const [mantissa = '', exponent = ''] = size.toExponential(20).split('e');
  const all = mantissa.replace('.', '');
  if (!/^50*$/.test(all.slice(precision))) return digits;
  return Number(`${all.slice(0, precision)}e${Number(exponent) - precision + 1}`).toExponential(
    precision - 1,
  );
}

/** A power of two has more room above than below: the next digits up may read back as it where the nearest do not. */
const nextUp = (digits: string, precision: number): string => {
  const [mantissa = '', exponent = ''] = digits.split('e');
  return Number(
    `${Number(mantissa.replace('.', '')) + 1}e${Number(exponent) - precision + 1}`,
  ).toExponential(precision - 1);
};

const shortestSingle = (size: number): string => {
  for (let precision = 1; precision < 9; precision += 1) {
    const digits = nearest(size, precision);
    if (isSingle(digits, size)) return digits;
    if (precision > 6) {
      const up = nextUp(digits, precision);
      if (isSingle(up, size)) return up;
    }
  }
  return nearest(size, 9);
};

export function float4Text(given: number): string {
  const value = Math.fround(given);
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(value)) return special(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  const digits = shortestSingle(size);
  const sign = value < 0 ? '-' : '';
  return (
    sign +
    (Number(digits) >= 1e-4 && Number(digits) < 1e6 ? String(Number(digits)) : inExponent(digits))
  );
}
