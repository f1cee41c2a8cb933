import { exactText, type Way } from './conversion.ts';

const canonical = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const isCanonical = new RegExp(canonical);
const asItIs = (value: string): string | null => (isCanonical.test(value) ? value : null);

/** A uuid comes back in lower case with its hyphens, so a text that is written otherwise would not come back as it was. */
export const textToUuid: Way = {
  text: asItIs,
  exact: (column) => `(${exactText(column)}) ~ '${canonical}'`,
  sql: (column) => `${column}::text::uuid`,
  type: 'uuid',
  problem: 'is not written as a uuid is (lower case, with hyphens)',
};

export const uuidToText: Way = {
  text: asItIs,
  exact: null,
  sql: (column) => `${column}::text`,
  type: 'text',
  problem: 'is no uuid',
};
