import { describe, expect, test } from '@jest/globals';
import { type Look, Stall } from './stall.ts';

const stuck = (beat: number, more: Partial<Look> = {}): Look => ({
  xid: 7,
  empty: [{ name: 't/0', received: 5 }],
  beat,
  ...more,
});
const looksOf = (...looks: readonly Look[]): number => {
  const stall = new Stall();
  return looks.map((look) => stall.look(look)).at(-1)!;
};

describe('a transaction that lacks changes', () => {
  test('counts the looks since nothing came but beats', () => {
    expect(looksOf(stuck(1), stuck(2), stuck(3), stuck(4))).toBe(3);
  });

  test.each<[string, Look]>([
    ['no beat came: the connector is away', stuck(3)],
    ['something came where the change may be', stuck(4, { empty: [{ name: 't/0', received: 6 }] })],
    ['a partition that was empty is no longer', stuck(4, { empty: [] })],
    ['another transaction waits', stuck(4, { xid: 8 })],
    ['nothing waits', stuck(4, { xid: null })],
  ])('is counted anew when %s', (_, last) => {
    expect(looksOf(stuck(1), stuck(2), stuck(3), last)).toBe(0);
  });

  test('is not counted for a reader that waits for nothing', () => {
    expect(looksOf(stuck(1, { xid: null }), stuck(2, { xid: null }))).toBe(0);
  });
});
