import { describe, expect, test } from '@jest/globals';
import type { Side } from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import type { OwnerNote } from '../replica/owners.ts';
import { disagreement, latestNote, type SideNote } from './judge-owners.ts';
import { planRestore } from './plan-restore.ts';

const note = (owner: Side, epoch: number, startLsn: string | null = null): OwnerNote => ({
  owner,
  epoch,
  startLsn,
});
const [m1, s2, m3] = [note('monolith', 1), note('service', 2), note('monolith', 3)];

describe('control database, monolith, service', () => {
  test.each<[OwnerNote, SideNote, SideNote, boolean, string | null]>([
    [m1, m1, m1, false, null],
    [m1, 'unknown', 'unknown', false, null],
    [s2, s2, s2, false, null],
    // the flip landed, the sides are told next
    [s2, m1, m1, true, null],
    [s2, s2, m1, true, null],
    [s2, s2, m1, false, 'SIDE_FELL_BACK service'],
    [s2, m1, s2, false, 'SIDE_FELL_BACK monolith'],
    [m3, m3, m1, true, 'SIDE_FELL_BACK service'],
    [m1, s2, m1, false, 'CONTROL_FELL_BACK monolith'],
    [m1, s2, m1, true, 'CONTROL_FELL_BACK monolith'],
    [m1, m1, s2, false, 'CONTROL_FELL_BACK service'],
    [m1, 'unknown', s2, false, 'CONTROL_FELL_BACK service'],
    [note('monolith', 2), s2, s2, false, 'CONTROL_FELL_BACK monolith'],
  ])('%j, %j, %j, moving %s: %s', (control, monolith, service, moving, expected) => {
    const found = disagreement(control, { monolith, service }, { moving });
    expect(found && `${found.code} ${found.side}`).toBe(expected);
  });
});

test('the latest note counts, with the position when one has it; a contradiction counts for nothing', () => {
  expect(latestNote({ monolith: s2, service: m1 })).toEqual(s2);
  expect(latestNote({ monolith: s2, service: note('service', 2, '0/1') })?.startLsn).toBe('0/1');
  expect(latestNote({ monolith: s2, service: note('monolith', 2) })).toBeNull();
  expect(latestNote({ monolith: 'unknown', service: 'unknown' })).toBeNull();
});

describe('what the control database takes over', () => {
  const row = (owner: Side, epoch: number, stage: ContextRow['stage']): ContextRow =>
    ({ context: 'shop', owner, epoch, stage }) as ContextRow;
  test.each<[ContextRow, SideNote, SideNote, unknown]>([
    [row('monolith', 1, 'canary'), s2, s2, { owner: 'service', epoch: 2, stage: 'service' }],
    [row('monolith', 1, 'monolith'), s2, m1, { owner: 'service', epoch: 2, stage: 'service' }],
    [row('service', 2, 'service'), m3, m3, { owner: 'monolith', epoch: 3, stage: 'canary' }],
    [row('monolith', 1, 'monolith'), m3, m3, { owner: 'monolith', epoch: 3, stage: 'canary' }],
    [row('service', 2, 'service'), s2, s2, null],
    [row('service', 2, 'service'), m1, m1, null],
  ])('%j, %j, %j: %j', (known, monolith, service, expected) => {
    const plan = planRestore(known, { monolith, service });
    expect(plan).toEqual(expected === null ? null : { startLsn: null, ...(expected as object) });
  });

  test('is not guessed', () => {
    expect(() =>
      planRestore(row('monolith', 1, 'canary'), { monolith: 'unknown', service: 'unknown' }),
    ).toThrow('do not tell who owns it');
  });
});
