import { describe, expect, test } from '@jest/globals';
import type { FenceRule, FenceTriggers } from '../replica/fences.ts';
import { remaking } from './fence-statements.ts';

const table = {
  schema: 'public',
  table: 't',
  rowTrigger: 'strangler_fence_leaf',
  hasRowTrigger: true,
};
const fence: FenceRule = { context: 'c', owner: 'service', mode: 'refuse' };
const there: FenceTriggers = {
  table,
  mode: 'refuse',
  owner: 'service',
  epoch: '',
  always: true,
  triggers: ['strangler_fence', 'strangler_fence_leaf'],
};

describe('on a server that cannot replace a trigger', () => {
  test('a fence that was lifted is enabled: nobody waits for readers', () => {
    const { sql, drops } = remaking(table, fence, there);
    expect(drops).toBe(false);
    expect(sql).not.toMatch(/CREATE|DROP/);
    expect(sql.match(/ENABLE (ALWAYS )?TRIGGER \w+/g)).toEqual([
      'ENABLE ALWAYS TRIGGER strangler_fence',
      'ENABLE TRIGGER strangler_fence_leaf',
    ]);
  });

  test.each<[string, Partial<FenceTriggers>]>([
    ['mode', { mode: 'audit' }],
    ['owner', { owner: 'monolith' }],
  ])('a fence of another %s is dropped and made', (_what, other) => {
    const { sql, drops } = remaking(table, fence, { ...there, ...other });
    expect(drops).toBe(true);
    expect(sql.match(/(DROP|CREATE) TRIGGER/g)).toEqual([
      'DROP TRIGGER',
      'CREATE TRIGGER',
      'DROP TRIGGER',
      'CREATE TRIGGER',
    ]);
  });

  test('an audit fence of another epoch is made anew, one of the same is enabled', () => {
    const audit: FenceRule = { ...fence, mode: 'audit', epoch: 3 };
    const drops = (epoch: string) =>
      remaking({ ...table, rowTrigger: null }, audit, { ...there, mode: 'audit', epoch }).drops;
    expect([drops('3'), drops('2'), drops('')]).toEqual([false, true, true]);
  });

  test('a fence that never was is made, and drops nothing', () => {
    expect(remaking(table, fence, undefined)).toMatchObject({ drops: false });
  });

  test('a row trigger that came to be needed is made beside the fence that stands', () => {
    const { sql, drops } = remaking(table, fence, { ...there, triggers: ['strangler_fence'] });
    expect(drops).toBe(false);
    expect(sql.match(/(CREATE|ENABLE|ENABLE ALWAYS) TRIGGER \w+/g)).toEqual([
      'ENABLE ALWAYS TRIGGER strangler_fence',
      'CREATE TRIGGER strangler_fence_leaf',
      'ENABLE TRIGGER strangler_fence_leaf',
    ]);
  });
});
