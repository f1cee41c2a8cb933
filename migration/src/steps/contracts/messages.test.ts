import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { openMessages } from './messages.ts';

const contracts = {
  pacts: 'pacts',
  provider: 'shop',
  messages: { events: { service: { from: 'outbox' } } },
} as const;
const shop: MigrationDefinition = {
  context: 'shop',
  data: 'none',
  monolith: { url: 'http://127.0.0.1:1' },
  service: {
    url: 'http://127.0.0.1:2',
    database: 'postgres://pool/shop',
    databaseDirect: { env: 'SHOP_DIRECT' },
  },
  routes: [],
};
const outboxOf = async (
  env: Record<string, string>,
  settings: Parameters<typeof openMessages>[1] = contracts,
): Promise<unknown> => {
  const sides = { service: { url: 'http://127.0.0.1:2' } };
  const { turns } = await openMessages(shop, settings, env, sides);
  return turns[0]?.sides.service?.messages;
};
const SHOP_DIRECT = 'postgres://server/shop';

test('messages are looked at past a pooler where the context file knows a way, unless they are said to be elsewhere', async () => {
  expect(await outboxOf({ SHOP_DIRECT })).toEqual({ outbox: SHOP_DIRECT });
  expect(await outboxOf({})).toEqual({ outbox: 'postgres://pool/shop' });
  const other = 'postgres://server/events';
  const messages = { events: { service: { from: 'outbox', database: other } } } as const;
  expect(await outboxOf({ SHOP_DIRECT }, { ...contracts, messages })).toEqual({ outbox: other });
});
