import { expect, test } from '@jest/globals';
import { conditionSql, conditionText, meets } from './row-condition.ts';

const condition = { tenant: ['5', '6'], closed: null, kind: "it's" };
const row = { tenant: '5', closed: null, kind: "it's", more: 'x' };

test('a row meets a condition when all of its columns do', () => {
  expect(meets(condition, row)).toBe(true);
  expect(meets(condition, { ...row, tenant: '7' })).toBe(false);
  expect(meets(condition, { ...row, tenant: null })).toBe(false);
  expect(meets(condition, { ...row, closed: '1' })).toBe(false);
  expect(meets(condition, { ...row, kind: null })).toBe(false);
  expect(meets(condition, { ...row, kind: 'its' })).toBe(false);
});

test('a row that lacks a column is judged by the others, or not at all', () => {
  expect(meets(condition, { tenant: '6', closed: null })).toBeUndefined();
  expect(meets(condition, { tenant: '7' })).toBe(false);
});

test('the servers say it in their own words', () => {
  expect(conditionSql(condition, 'NEW')).toBe(
    `NEW."tenant" IN ('5', '6') AND NEW."closed" IS NULL AND NEW."kind" IN ('it''s')`,
  );
  expect(conditionSql({ 'a"b': 'x' })).toBe(`"a""b" IN ('x')`);
  expect(conditionText(condition)).toBe("tenant = 5 or 6 and closed = null and kind = it's");
});
