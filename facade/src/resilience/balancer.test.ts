import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Balancer, type Instance } from './balancer.ts';

const endpoint = (name: string) => ({ key: name, url: `http://${name}` });
const of = (...names: string[]) => new Balancer(names.map(endpoint), () => 1);
const name = (instance: Instance | undefined) => instance?.endpoint.key;
const fail = (balancer: Balancer, instance: Instance | undefined, times: number, now = 0): void => {
  if (!instance) throw new Error('there is no such instance');
  for (let time = 0; time < times; time++) balancer.note(instance, 'failed', now);
};
const named = (balancer: Balancer, wanted: string): Instance => {
  const found = balancer.instances.find((instance) => name(instance) === wanted);
  if (!found) throw new Error(`no ${wanted}`);
  return found;
};
const read = (now: number) => ({ now, repeatable: true });
const picked = (balancer: Balancer, times: number, now = 0): Set<string | undefined> =>
  new Set(Array.from({ length: times }, () => name(balancer.pick(read(now)))));

test('whoever has the fewest requests is asked; equal ones in turn', () => {
  const balancer = of('a', 'b', 'c');
  expect(picked(balancer, 3)).toEqual(new Set(['a', 'b', 'c']));
  named(balancer, 'a').active = 2;
  named(balancer, 'b').active = 3;
  named(balancer, 'c').active = 5;
  expect(picked(balancer, 9)).toEqual(new Set(['a']));
});

test('requests that stay are spread evenly, however many', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 60 }),
      (many, requests) => {
        const balancer = of(...Array.from({ length: many }, (_, index) => `i${index}`));
        for (let request = 0; request < requests; request++) {
          const one = balancer.pick(read(0));
          if (one) one.active++;
        }
        const counts = balancer.instances.map(({ active }) => active);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

describe('an instance that fails five times in a row', () => {
  test('is left alone, and an answer in between begins the count anew', () => {
    const balancer = of('a', 'b');
    const a = named(balancer, 'a');
    fail(balancer, a, 4);
    balancer.note(a, 'well', 0);
    fail(balancer, a, 4);
    expect(picked(balancer, 4)).toEqual(new Set(['a', 'b']));
    fail(balancer, a, 1);
    expect(picked(balancer, 4, 499)).toEqual(new Set(['b']));
  });

  test('is tried again by one request, and serves when that is answered', () => {
    const balancer = of('a', 'b');
    const a = named(balancer, 'a');
    fail(balancer, a, 5);
    expect(name(balancer.pick(read(500)))).toBe('a');
    expect(picked(balancer, 6, 500)).toEqual(new Set(['b']));
    balancer.note(a, 'well', 600);
    expect(picked(balancer, 4, 600)).toEqual(new Set(['a', 'b']));
  });

  test('waits ever longer when the try fails, at most ten seconds, and no longer for a client that left', () => {
    const balancer = of('a', 'b');
    const a = named(balancer, 'a');
    fail(balancer, a, 5);
    let now = 0;
    for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      expect(picked(balancer, 4, now + wait - 1)).toEqual(new Set(['b']));
      now += wait;
      expect(name(balancer.pick(read(now)))).toBe('a');
      balancer.note(a, 'unknown', now);
      expect(name(balancer.pick(read(now)))).toBe('a');
      balancer.note(a, 'failed', now);
    }
    balancer.pick(read(now + 10_000));
    balancer.note(a, 'well', now);
    fail(balancer, a, 5, now);
    expect(name(balancer.pick(read(now + 500)))).toBe('a');
  });

  test('is no place for a write to find out, where reads can', () => {
    const balancer = of('a', 'b');
    fail(balancer, named(balancer, 'a'), 5);
    const write = (now: number) => name(balancer.pick({ now, repeatable: false }));
    expect([write(600), write(5_000)]).toEqual(['b', 'b']);
    expect(write(5_500)).toBe('a');
  });

  test('late failures of what it was asked before make its wait no longer', () => {
    const balancer = of('a', 'b');
    fail(balancer, named(balancer, 'a'), 50);
    expect(name(balancer.pick(read(500)))).toBe('a');
  });
});

test('when all are left alone, all are asked', () => {
  const balancer = of('a', 'b');
  for (const instance of balancer.instances) fail(balancer, instance, 5);
  expect(picked(balancer, 4, 1)).toEqual(new Set(['a', 'b']));
});

test('one that failed just now is not asked again, and there may be no other', () => {
  const balancer = of('a', 'b');
  const except = named(balancer, 'a');
  for (let time = 0; time < 4; time++)
    expect(name(balancer.pick({ ...read(0), except }))).toBe('b');
  const alone = of('a');
  expect(alone.pick({ ...read(0), except: named(alone, 'a') })).toBeUndefined();
  expect(name(alone.alone)).toBe('a');
});

test('instances come and go; those that stay keep what is known, and none is no news', () => {
  const balancer = of('a', 'b');
  fail(balancer, named(balancer, 'a'), 5);
  balancer.use(['a', 'c', 'c'].map(endpoint));
  expect(balancer.instances.map(name)).toEqual(['a', 'c']);
  expect(picked(balancer, 4, 1)).toEqual(new Set(['c']));
  balancer.use([]);
  expect(balancer.instances.map(name)).toEqual(['a', 'c']);
});

describe('records of a service', () => {
  const records = (...all: { name: string; priority?: number; weight?: number }[]) => {
    // a fixed walk through the interval, so that shares are exact
    let step = 0;
    const random = (): number => (step = (step + 0.37) % 1);
    return new Balancer(
      all.map(({ name: key, ...more }) => ({ key, url: `http://${key}`, ...more })),
      random,
    );
  };

  test('of a later priority are asked where no earlier one serves, and not to try them again either', () => {
    const balancer = records({ name: 'a', priority: 1 }, { name: 'b', priority: 2 });
    expect(picked(balancer, 6)).toEqual(new Set(['a']));
    fail(balancer, named(balancer, 'b'), 5);
    // it may be tried again by now, but nobody needs it
    expect(picked(balancer, 6, 60_000)).toEqual(new Set(['a']));
    balancer.note(named(balancer, 'b'), 'well', 60_000);
    fail(balancer, named(balancer, 'a'), 5, 60_000);
    expect(picked(balancer, 6, 60_100)).toEqual(new Set(['b']));
    // the first one is tried again, though others serve
    expect(name(balancer.pick(read(70_000)))).toBe('a');
  });

  test('share by their weights, idle and busy', () => {
    const balancer = records({ name: 'a', weight: 3 }, { name: 'b', weight: 1 });
    const counts = new Map<string | undefined, number>();
    for (let time = 0; time < 400; time++) {
      const one = name(balancer.pick(read(0)));
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
    expect(counts.get('a')).toBeGreaterThan(280);
    expect(counts.get('a')).toBeLessThan(320);
    named(balancer, 'a').active = 1_000;
    expect(picked(balancer, 6)).toEqual(new Set(['b']));
  });

  test('of one weight are those with the fewest requests, in turn', () => {
    const balancer = records({ name: 'a', weight: 5 }, { name: 'b', weight: 5 });
    expect([0, 1, 2, 3].map(() => name(balancer.pick(read(0))))).toEqual(['b', 'a', 'b', 'a']);
  });
});
