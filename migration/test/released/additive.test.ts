import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { controlMigrations } from '@strangler-toolkit/plan';
import { parts } from '../../src/replica/schema.ts';

/** What takes something away that the release before uses, or wants of its rows what it does not write. */
const breaks = (text: string): string | undefined =>
  /\b(DROP\s+(?!TRIGGER)\w+|RENAME\s+\w+|ALTER\s+COLUMN\s+\w+\s+(TYPE|SET\s+NOT)|ADD\s+(CONSTRAINT|CHECK|UNIQUE))/i.exec(
    text,
  )?.[0] ??
  text
    .match(/ADD\s+COLUMN[^;,]*NOT\s+NULL[^;,]*/gi)
    ?.find((column) => !/\b(DEFAULT|GENERATED)\b/i.test(column));

test.each([
  ['ALTER TABLE a DROP COLUMN b', 'DROP COLUMN'],
  ['ALTER TABLE a RENAME COLUMN b TO c', 'RENAME COLUMN'],
  ['ALTER TABLE a ALTER COLUMN b TYPE text', 'ALTER COLUMN b TYPE'],
  ['ALTER TABLE a ADD COLUMN b int NOT NULL', 'ADD COLUMN b int NOT NULL'],
  ['ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0, ADD COLUMN c text', undefined],
  ['CREATE TABLE a (b int NOT NULL)', undefined],
])('%s', (text, found) => expect(breaks(text)).toBe(found));

const additive = Object.entries(controlMigrations).filter(([, kind]) => kind === 'additive');

test.each(additive)('%s of the control schema, called additive, is', async (name) => {
  const file = new URL(`../../src/control/migrations/${name}.ts`, import.meta.url);
  expect(breaks(await readFile(file, 'utf8'))).toBeUndefined();
});

test.each(Object.entries(parts))(
  'what the %s part of a data database got since its oldest compatible version only adds',
  (_part, { migrations, compatibleFrom }) => {
    expect(compatibleFrom).toBeGreaterThanOrEqual(1);
    expect(compatibleFrom).toBeLessThanOrEqual(migrations.length);
    for (const text of migrations.slice(compatibleFrom)) expect(breaks(text)).toBeUndefined();
  },
);
