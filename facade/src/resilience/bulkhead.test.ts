import { expect, test } from '@jest/globals';
import { Bulkhead } from './bulkhead.ts';

const named = (name: string, into: string[]) => ({ begin: () => void into.push(name) });

test('so many are in, so many wait, and the next one is told at once', () => {
  const bulkhead = new Bulkhead({ atATime: 2, waiting: 1 });
  const begun: string[] = [];
  expect([bulkhead.enter(), bulkhead.enter(), bulkhead.enter()]).toEqual([true, true, false]);
  expect([bulkhead.queue(named('a', begun)), bulkhead.queue(named('b', begun))]).toEqual([
    true,
    false,
  ]);
  expect([bulkhead.inFlight, bulkhead.waiting, begun]).toEqual([2, 1, []]);
});

test('a place that is given back is for who waits longest, before anybody new', () => {
  const bulkhead = new Bulkhead({ atATime: 1, waiting: 9 });
  const begun: string[] = [];
  bulkhead.enter();
  for (const name of ['a', 'b', 'c']) bulkhead.queue(named(name, begun));
  bulkhead.leave();
  expect([begun, bulkhead.enter(), bulkhead.inFlight]).toEqual([['a'], false, 1]);
  bulkhead.leave();
  bulkhead.leave();
  expect([begun, bulkhead.waiting]).toEqual([['a', 'b', 'c'], 0]);
  bulkhead.leave();
  expect([bulkhead.inFlight, bulkhead.enter()]).toEqual([0, true]);
});

test('who does not want any more is passed over', () => {
  const bulkhead = new Bulkhead({ atATime: 1, waiting: 9 });
  const begun: string[] = [];
  bulkhead.enter();
  const left = named('left', begun);
  bulkhead.queue(left);
  bulkhead.queue(named('next', begun));
  bulkhead.withdraw(left);
  bulkhead.withdraw(left);
  bulkhead.leave();
  expect([begun, bulkhead.inFlight, bulkhead.waiting]).toEqual([['next'], 1, 0]);
});

test('turns that are over at once follow one another, however many they are', () => {
  const bulkhead = new Bulkhead({ atATime: 1, waiting: 50_000 });
  let begun = 0;
  bulkhead.enter();
  for (let index = 0; index < 50_000; index++)
    bulkhead.queue({
      begin: () => {
        begun++;
        bulkhead.leave();
      },
    });
  bulkhead.leave();
  expect([begun, bulkhead.inFlight]).toEqual([50_000, 0]);
});

test('a limit that rises lets in who waits; one that falls sends nobody away', () => {
  const bulkhead = new Bulkhead({ atATime: 1, waiting: 9 });
  const begun: string[] = [];
  bulkhead.enter();
  for (const name of ['a', 'b']) bulkhead.queue(named(name, begun));
  bulkhead.limits = { atATime: 3, waiting: 9 };
  expect([begun, bulkhead.inFlight]).toEqual([['a', 'b'], 3]);
  bulkhead.limits = { atATime: 1, waiting: 9 };
  bulkhead.leave();
  bulkhead.leave();
  expect([bulkhead.inFlight, bulkhead.enter()]).toEqual([1, false]);
});

test('a turn that fails takes no other turn along', () => {
  const bulkhead = new Bulkhead({ atATime: 1, waiting: 9 });
  const begun: string[] = [];
  bulkhead.enter();
  bulkhead.queue({
    begin: () => {
      throw new Error('a defect');
    },
  });
  bulkhead.queue(named('next', begun));
  expect(() => bulkhead.leave()).toThrow('a defect');
  bulkhead.leave();
  expect(begun).toEqual(['next']);
});
