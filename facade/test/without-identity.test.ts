import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { IdentitiesSeenStore } from '../../migration/src/control/identities-seen.ts';
import { openPool } from '../../migration/src/control/control-database.ts';
import { replicatedItems, servedBy } from './support/replicated-items.ts';

const items = replicatedItems();
const addresses = Array.from({ length: 40 }, (_, n) => ({ 'x-forwarded-for': `203.0.113.${n}` }));

test.each([
  [100, 'service'],
  [0, 'monolith'],
])('%d %% of reads are of requests without identity as well', async (percent, side) => {
  const facade = await items.start('a', { flags: { 'items.list': percent } });
  await items.control.caughtUp();
  for (const headers of [{}, { cookie: 'sessionid=1' }, ...addresses.slice(0, 5)])
    expect(await servedBy(facade, '/api/items', headers)).toBe(side);
});

test('a share of them sticks to a session’s cookie, else to the client’s address', async () => {
  const facade = await items.start('a', { flags: { 'items.list': 50 } });
  await items.control.caughtUp();
  const ask = async (headers: Record<string, string>): Promise<string> =>
    String(await servedBy(facade, '/api/items', headers));
  const served: string[] = [];
  for (const headers of addresses) served.push(await ask(headers));
  const share = served.filter((side) => side === 'service').length;
  expect(share).toBeGreaterThan(5);
  expect(share).toBeLessThan(35);
  for (const [index, headers] of addresses.entries()) {
    expect(await ask(headers)).toBe(served[index]);
    // a proxy on the way adds itself
    expect(await ask({ 'x-forwarded-for': `${headers['x-forwarded-for']}, 10.0.0.1` })).toBe(
      served[index],
    );
  }
  const sessions: string[] = [];
  for (let n = 0; n < 20; n++) {
    const cookie = `theme=${n}; connect.sid=s%3A${n}`;
    const [here, there] = [
      await ask({ ...addresses[n], cookie }),
      await ask({ ...addresses[n + 1], cookie: `connect.sid=s%3A${n}` }),
    ];
    expect(here).toBe(there);
    sessions.push(here);
  }
  expect(new Set(sessions).size).toBe(2);
});

test('who asked is told: how many, how many without identity, how many identities, and from which share on', async () => {
  const facade = await items.start('a', {
    flags: { 'items.list': 100, 'items.one': 0 },
    limits: { flushMs: 50 },
  });
  await items.control.caughtUp();
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 30; n++)
      await servedBy(facade, '/api/items', { authorization: `user-${n}` });
    for (const headers of addresses.slice(0, 10)) await servedBy(facade, '/api/items/1', headers);
  }
  const opened = openPool(items.control.url, 'test');
  try {
    const store = new IdentitiesSeenStore(opened.db);
    const seen = await until('all is told', async () => {
      const told = await store.of('items', 24);
      return told.requests === 80 && told;
    });
    expect(seen).toMatchObject({ requests: 80, anonymous: 20 });
    expect(seen.identities).toBeGreaterThanOrEqual(29);
    expect(seen.identities).toBeLessThanOrEqual(30);
    expect(seen.shares.length).toBeGreaterThan(20);
    expect([Math.min(...seen.shares) >= 1, Math.max(...seen.shares) <= 100]).toEqual([true, true]);
    expect(await store.of('other', 24)).toEqual({
      requests: 0,
      anonymous: 0,
      identities: 0,
      shares: [],
    });
  } finally {
    await opened.db.destroy();
  }
});

test('a control database of the release before has no place for who asked: everything else arrives', async () => {
  await items.control.query('DROP TABLE strangler_control.identities_seen');
  await items.control.query('ALTER TABLE strangler_control.route_stats DROP COLUMN refused');
  const facade = await items.start('a', { limits: { flushMs: 50 } });
  await servedBy(facade);
  await until(
    'the numbers of the routes arrive',
    async () =>
      (await items.control.query('SELECT 1 FROM strangler_control.route_stats')).length > 0,
  );
});
