import { describe, expect, test } from '@jest/globals';
import { type OwnerRow, OwnerStates } from './owner-states.ts';

const row = (owner: 'monolith' | 'service', epoch: bigint): OwnerRow => ({
  context: 'items',
  dataKind: 'replicated',
  stage: owner === 'service' ? 'service' : 'canary',
  owner,
  epoch,
  holdId: null,
  holdLeftMs: null,
});

function watched(): { states: OwnerStates; regressed: string[]; agreed: string[] } {
  const states = new OwnerStates(new Map([['items', 'replicated']]));
  const [regressed, agreed]: [string[], string[]] = [[], []];
  states.on('regressed', (context, told, known) =>
    regressed.push(`${context} ${told} of ${known}`),
  );
  states.on('agreed', (context) => agreed.push(context));
  return { states, regressed, agreed };
}

describe('a control database that went back to an earlier state', () => {
  test('is not believed: what the facade knew from the disk is newer', () => {
    const before = new OwnerStates(new Map([['items', 'replicated']]));
    before.merge(row('service', 2n));
    const { states, regressed } = watched();
    states.restore(before.snapshot());
    states.merge({ ...row('monolith', 1n), holdId: 'h', holdLeftMs: 1000 });
    expect(states.get('items')).toMatchObject({ owner: 'service', epoch: 2n });
    expect(states.holding('items')).toBeUndefined();
    expect(regressed).toEqual(['items 1 of 2']);
  });

  test('is not believed when it names another owner of the same epoch', () => {
    const { states, regressed } = watched();
    states.merge(row('service', 2n));
    states.merge(row('monolith', 2n));
    expect(states.get('items').owner).toBe('service');
    expect(regressed).toEqual(['items 2 of 2']);
  });

  test('is believed again once it was mended', () => {
    const { states, agreed } = watched();
    states.merge(row('service', 2n));
    states.merge(row('monolith', 1n));
    const before = agreed.length;
    states.merge(row('service', 2n));
    expect(agreed.length).toBe(before + 1);
    states.merge(row('monolith', 3n));
    expect(states.get('items').owner).toBe('monolith');
  });
});

test('a context whose file is away for a while keeps what was on disk of it', () => {
  const before = new OwnerStates(new Map([['items', 'replicated']]));
  before.merge(row('service', 2n));
  const others = new Map([['others', 'none' as const]]);
  const without = new OwnerStates(others);
  without.restore(before.snapshot());
  without.merge({ ...row('monolith', 9n), context: 'others', dataKind: 'none' });
  expect(without.contexts()).toEqual(['others']);
  expect(without.undeclared).toEqual(before.snapshot());
  expect(without.snapshot()).toEqual(expect.arrayContaining(before.snapshot()));
  without.declare(new Map([...others, ['items', 'replicated']]));
  expect(without.get('items')).toMatchObject({ owner: 'service', epoch: 2n, known: true });
  expect(without.undeclared).toEqual([]);
  expect(without.isComplete(['others'])).toBe(false);
  expect(without.isComplete(['items', 'others'])).toBe(true);
});
