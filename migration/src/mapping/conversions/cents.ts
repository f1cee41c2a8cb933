import type { Way } from './conversion.ts';

/** The server multiplies: its division of large numbers would round. */
export const centsToDecimal: Way = {
  text(value) {
    const [, sign = '', digits = ''] = /^(-?)(\d+)$/.exec(value) ?? [];
    if (digits === '') return null;
    const padded = digits.padStart(3, '0');
    return `${sign}${padded.slice(0, -2)}.${padded.slice(-2)}`;
  },
  exact: null,
  sql: (column) => `${column}::numeric * 0.01`,
  type: 'numeric',
  problem: 'is no whole number of cents',
};

export const decimalToCents: Way = {
  text(value) {
    const [, sign = '', whole = '', cents = ''] = /^(-?)(\d+)\.(\d\d)$/.exec(value) ?? [];
    return cents === '' ? null : `${sign}${`${whole}${cents}`.replace(/^0+(?=\d)/, '')}`;
  },
  exact: (column) => `${column} <> 'NaN'`,
  sql: (column) => `trunc(${column} * 100)`,
  type: 'numeric',
  problem: 'is no amount with two digits after the point',
};
