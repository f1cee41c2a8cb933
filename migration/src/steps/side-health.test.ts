import { expect, test } from '@jest/globals';
import { type SideHealth, wayOut } from './side-health.ts';

const side = (up: boolean, requests = 0, errors = 0): SideHealth => ({
  health: up ? { up, how: '' } : { up, why: '' },
  recent: { requests, errors, refused: 0, p99Ms: 1 },
});
const row = {
  context: 'catalog',
  stage: 'service',
  owner: 'service',
  dataKind: 'replicated',
} as const;
const out = (changes: object, monolith: SideHealth, service: SideHealth) =>
  wayOut({ ...row, ...changes }, { monolith, service });

test('a service that is gone after the cutover: rollback, with what it costs', () =>
  expect(out({}, side(true), side(false))).toEqual({
    command: 'strangler rollback catalog',
    why: 'the service is not there, the monolith answers; going back: writes wait for some seconds at most, no acknowledged one is lost',
  }));
test('a service that answers and fails more often than not', () => {
  expect(out({}, side(true), side(true, 20, 11))?.why).toMatch(/^the service fails/);
  expect(out({}, side(true), side(true, 19, 19))).toBeUndefined();
  expect(out({}, side(true), side(true, 20, 10))).toBeUndefined();
});
test('before the cutover flags go back', () =>
  expect(out({ stage: 'canary', owner: 'monolith' }, side(true), side(false))?.why).toMatch(
    /flags go to 0 %/,
  ));
test.each(['monolith', 'replicating', 'shadowing', 'retired'] as const)(
  'no way back from %s',
  (stage) => expect(out({ stage }, side(true), side(false))).toBeUndefined(),
);
test('and none to a side that is gone as well', () => {
  expect(out({}, side(false), side(false))).toBeUndefined();
  expect(out({}, side(true, 30, 30), side(false))).toBeUndefined();
});
test('all is well', () => expect(out({}, side(true), side(true))).toBeUndefined());
