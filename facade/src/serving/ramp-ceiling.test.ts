import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ceilingsOf, RampCeiling, takeUnder, under } from './ramp-ceiling.ts';

const route = (name: string, rampCeiling?: number) =>
  ({
    name,
    method: 'GET',
    path: `/${name}`,
    kind: 'read',
    ...(rampCeiling && { rampCeiling }),
  }) as const;

describe('a ramp ceiling', () => {
  test('lets so many through in any second, whenever they come, and nobody waits who need not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 120 }),
        (perSecond, gaps) => {
          const ceiling = new RampCeiling(perSecond);
          const through: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            const inThisSecond = through.filter((at) => now - at < 1_000).length;
            const passes = takeUnder([ceiling], now);
            expect(passes).toBe(inThisSecond < perSecond);
            if (passes) through.push(now);
          }
        },
      ),
    );
  });

  test('that is reached takes nothing from another one', () => {
    const all = new RampCeiling(3);
    const own = new RampCeiling(1);
    expect([1, 2, 3].map((now) => takeUnder([all, own], now))).toEqual([true, false, false]);
    expect([4, 5, 6].map((now) => takeUnder([all], now))).toEqual([true, true, false]);
    expect(takeUnder([], 6)).toBe(true);
  });
});

test('a context has one for all its routes, a route its own, and both hold', () => {
  const ceilings = ceilingsOf({ rampCeiling: 5, routes: [route('a', 2), route('b')] }, undefined);
  const rates = (name: string) => under(ceilings, name).map(({ perSecond }) => perSecond);
  expect([rates('a'), rates('b')]).toEqual([[5, 2], [5]]);
  expect(under(ceilingsOf({ routes: [route('a')] }, undefined), 'a')).toEqual([]);
});

test('other context files do not give a second its reads twice', () => {
  const before = ceilingsOf({ rampCeiling: 5, routes: [route('a', 2), route('b', 3)] }, undefined);
  const after = ceilingsOf({ rampCeiling: 5, routes: [route('a', 2), route('b', 4)] }, before);
  expect(after.all).toBe(before.all);
  expect(after.of.get('a')).toBe(before.of.get('a'));
  expect(after.of.get('b')).toMatchObject({ perSecond: 4 });
  expect(ceilingsOf({ rampCeiling: 6, routes: [] }, after).all).toMatchObject({ perSecond: 6 });
});
