import { expect, test } from '@jest/globals';
import { fakeMove } from '../../test/support/fake-move.ts';
import { movePlan } from './move-plan.ts';
import type { MoveState } from './move-state.ts';
import { assertNoNewSubscription, noteSubscriptions } from './subscriptions-held.ts';

const columns = { id: 'id' };
const definition = {
  context: 'catalog',
  tables: [{ monolith: 'products', service: [{ table: 'items', columns }] }],
};

/** `found`: names of subscriptions at work, on the service. */
const scene = (more: Partial<Omit<MoveState, 'control'>>, found: readonly string[]) => {
  const rows = (): object[] =>
    found.map((name) => ({ n: 1, relation: 'public.items', name, enabled: 1 }));
  return fakeMove(
    {
      definition: definition as never,
      lease: { check: async () => {} } as never,
      ...more,
    },
    { service: [[/pg_subscription_rel/, rows as never]] },
  ).move;
};
const told = (name: string): string => `subscription ${name} writes public.items of the service`;

test.each<[string, Partial<Omit<MoveState, 'control'>>, string[], boolean]>([
  ['a cutover whose gates asked', {}, [], false],
  ['a cutover whose gates were passed by', { forced: true }, [told('old')], true],
  [
    'a way back, whose gates ask nothing of them',
    { plan: movePlan('rollback') },
    [told('old')],
    true,
  ],
])('%s bears what was there: %#', async (_, more, noted, bears) => {
  const found = ['old'];
  const move = scene(more, found);
  await noteSubscriptions(move);
  expect(move.subscriptions).toEqual(noted);
  const held = assertNoNewSubscription(move);
  if (bears) await held;
  else await expect(held).rejects.toMatchObject({ code: 'GATE_REFUSED' });
  found.push('late');
  await expect(assertNoNewSubscription(move)).rejects.toMatchObject({
    code: 'GATE_REFUSED',
    message: expect.stringContaining(told('late')),
    remedy: expect.stringContaining('DROP SUBSCRIPTION'),
  });
});

test('what is decided, and what does not write, holds nobody up', async () => {
  const decided = { service: { items: { reason: 'a table of its own' } } };
  const move = scene({ definition: { ...definition, subscriptions: decided } as never }, ['known']);
  await noteSubscriptions(move);
  expect(move.subscriptions).toEqual([]);
  await expect(assertNoNewSubscription(move)).resolves.toBeUndefined();
  await assertNoNewSubscription({ ...move, subscriptions: undefined } as never);
});
