import { quoteLiteral } from '../../database/identifiers.ts';
import { exactText, type Way } from './conversion.ts';

export interface Letters {
  readonly true: string;
  readonly false: string;
}

export const lettersToBoolean = (letters: Letters): Way => ({
  text: (value) => (value === letters.true ? 't' : value === letters.false ? 'f' : null),
  exact: (column) =>
    `${exactText(column)} IN (${quoteLiteral(letters.true)}, ${quoteLiteral(letters.false)})`,
  sql: (column) => `(${exactText(column)} = ${quoteLiteral(letters.true)})`,
  type: 'boolean',
  problem: `is neither '${letters.true}' nor '${letters.false}'`,
});

export const booleanToLetters = (letters: Letters): Way => ({
  text: (value) => (value === 't' ? letters.true : value === 'f' ? letters.false : null),
  exact: null,
  sql: (column) =>
    `CASE WHEN ${column} THEN ${quoteLiteral(letters.true)} ELSE ${quoteLiteral(letters.false)} END`,
  type: 'text',
  problem: 'is no boolean',
});
