import { expect, test } from '@jest/globals';
import { type Querying, sql, type Statement } from './sql.ts';

async function sent(statement: Statement<unknown>): Promise<[string, unknown[]]> {
  let seen: [string, unknown[]] = ['', []];
  const on: Querying = {
    async query(text, values) {
      seen = [text, values];
      return { rows: [], rowCount: 0, command: '', oid: 0, fields: [] };
    },
  };
  await statement.execute(on);
  return seen;
}

test('values travel beside the text, numbered as they come; parts become one text with what is around them', async () => {
  const part = sql`b = ${2} AND ${sql`c = ${'x'}`}`;
  expect(
    await sent(sql`SELECT ${sql.raw('a, b')} FROM t WHERE a = ${1} AND ${part} OR d = ${null}`),
  ).toEqual(['SELECT a, b FROM t WHERE a = $1 AND b = $2 AND c = $3 OR d = $4', [1, 2, 'x', null]]);
  expect(await sent(part)).toEqual(['b = $1 AND c = $2', [2, 'x']]);
});
