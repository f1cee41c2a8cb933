import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { subscriptionSurroundings, type TableSubscription } from './subscriptions.ts';

const definition: MigrationDefinition = {
  context: 'shop',
  data: 'replicated',
  monolith: { url: '' },
  service: { url: '' },
  routes: [],
  tables: [
    {
      monolith: 'shop.products',
      service: [{ table: 'items', columns: { id: 'id' } }],
    },
  ],
};
const feeding: TableSubscription = {
  side: 'service',
  table: 'items',
  relation: 'public.items_2024',
  name: 'feeding',
  enabled: true,
};
const ask = (
  found: readonly TableSubscription[],
  subscriptions: MigrationDefinition['subscriptions'] = {},
  side: 'monolith' | 'service' = 'service',
) => subscriptionSurroundings(found, { ...definition, subscriptions }, side);

test('a subscription that writes a mapped table is one question, which names what writes what and the line that decides', () => {
  const other = { ...feeding, name: 'Late "feed"', relation: 'public.items_2025' };
  expect(ask([feeding, other])).toEqual([
    {
      kind: 'subscription',
      about: 'subscription to items of the service',
      decision: null,
      problem: expect.stringContaining(
        'feeding writes public.items_2024, Late "feed" writes public.items_2025: row by row it passes the fence',
      ),
      remedy: expect.stringMatching(
        /^DROP SUBSCRIPTION "feeding", DROP SUBSCRIPTION "Late ""feed""".*; or contexts\/shop: subscriptions\.service\['items'\]: \{ reason:/,
      ),
    },
  ]);
});

test('a reason decides for its table on its side, however the table is written, and for no other', () => {
  const reason = 'ends before the cutover';
  expect(ask([feeding], { service: { 'public.items': { reason } } })).toEqual([
    {
      kind: 'subscription',
      about: 'subscription to items of the service',
      decision: `${reason} (feeding writes public.items_2024)`,
    },
  ]);
  const products = { ...feeding, side: 'monolith' as const, table: 'shop.products' };
  expect(ask([feeding, products], { service: { items: { reason } } }, 'monolith')).toMatchObject([
    { about: 'subscription to shop.products of the monolith', decision: null },
  ]);
});

test('one that is disabled asks nothing, nor does a decision that waits for one', () => {
  expect(ask([{ ...feeding, enabled: false }])).toEqual([]);
  expect(ask([], { service: { items: { reason: 'yes' } } })).toEqual([]);
});

test('a decision about a table that is not mapped is told', () => {
  expect(ask([], { service: { itms: { reason: 'yes' } } })).toMatchObject([
    {
      about: 'subscription to itms of the service',
      decision: null,
      remedy: "Mend or remove contexts/shop: subscriptions.service['itms']",
    },
  ]);
});
