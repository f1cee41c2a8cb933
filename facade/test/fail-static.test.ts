import { describe, expect, test } from '@jest/globals';
import { startPostgres, until } from '@strangler-toolkit/dev-stack';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl } from './support/control.ts';
import { startFacade } from './support/facade.ts';
import { replicatedItems, servedBy } from './support/replicated-items.ts';
import { startUpstream } from './support/upstream.ts';

const items = replicatedItems();

describe('P6 fail static', () => {
  test('the control database dies and comes back: reads and writes go on at the last known owner', async () => {
    const server = await startPostgres();
    const url = await server.createDatabase('control');
    const own = await startControl(url);
    await own.setContext({ stage: 'service', owner: 'service', epoch: 3 });
    const facade = await items.start('a', {
      controlUrl: url,
      limits: { freshnessMs: 200, pinMs: 200 },
    });
    await own.close();
    await server.stop({ keep: true });
    await until(
      'the link is down',
      async () => (await facade.readiness()).control.state === 'down',
    );
    for (let round = 0; round < 3; round++)
      expect([await servedBy(facade), await servedBy(facade, '/api/items', {}, 'POST')]).toEqual([
        'service',
        'service',
      ]);
    expect((await ask(facade.adminPort, '/health/ready')).status).toBe(200);
    // restarted with nothing alive: the state on disk
    const again = await startFacade({
      contexts: [itemsContext('replicated', items.monolith.url, items.service.url)],
      monolithUrl: items.monolith.url,
      controlUrl: url,
      name: 'a',
      stateDir: facade.stateDir,
      limits: { freshnessMs: 200, pinMs: 200, startMs: 300 },
    });
    expect([await servedBy(again), await servedBy(again, '/api/items', {}, 'POST')]).toEqual([
      'service',
      'service',
    ]);
    expect(await again.readiness()).toMatchObject({
      status: 'degraded',
      control: { state: 'down', restoredFromDisk: true },
      contexts: { items: { owner: 'service', epoch: '3' } },
    });
    await again.stop({ keepState: true });
    const back = await startPostgres({ port: server.port, dataDir: server.dataDir });
    await until(
      'the link is up again',
      async () => (await facade.readiness()).control.state === 'up',
    );
    await until('its numbers arrive', async () => {
      const later = await startControl(url);
      const rows = await later.query(
        `SELECT coalesce(sum(requests), 0)::int AS n FROM strangler_control.route_stats WHERE side = 'service'`,
      );
      await later.close();
      return rows[0]?.n === 6;
    });
    await items.facades.pop()?.stop();
    await back.stop();
    await server.stop();
  });

  test('no state at all and nobody to ask: the monolith serves, and readiness says so', async () => {
    const facade = await items.start('a', {
      controlUrl: 'postgresql://nobody@127.0.0.1:9/none',
      limits: { startMs: 200, freshnessMs: 100, pinMs: 100 },
    });
    expect([await servedBy(facade), await servedBy(facade, '/api/items', {}, 'POST')]).toEqual([
      'monolith',
      'monolith',
    ]);
    expect(await facade.readiness()).toMatchObject({
      status: 'degraded',
      contexts: { items: { known: false } },
    });
  });

  test('a dead service: its reads fall back to the owner, its breaker opens, and it is used again when it is back', async () => {
    let mortal = await startUpstream('service');
    const facade = await items.start('a', { serviceUrl: mortal.url });
    await items.control.caughtUp();
    expect(await servedBy(facade)).toBe('service');
    await mortal.close();
    for (let round = 0; round < 10; round++) expect(await servedBy(facade)).toBe('monolith');
    expect(await facade.metric(/^facade_breaker_open\{.*side="service"/)).toBe(1);
    mortal = await startUpstream('service', undefined, mortal.port);
    await until('the service is used again', async () => (await servedBy(facade)) === 'service');
    await mortal.close();
  });

  test.each([
    [502, 'monolith'],
    [503, 'monolith'],
    [504, 'monolith'],
    [500, 'service'],
  ])('a service that answers %d to a read has it answered by the %s', async (status, side) => {
    const lame = await startUpstream('service', (_request, response) => {
      response.writeHead(status).end();
    });
    const facade = await items.start('a', { serviceUrl: lame.url });
    await items.control.caughtUp();
    expect(await servedBy(facade)).toBe(side);
    expect(lame.seen).toHaveLength(1);
    await lame.close();
  });

  test('clients that go away never open the breaker', async () => {
    const lame = await startUpstream('service', () => {});
    const facade = await items.start('a', { serviceUrl: lame.url });
    await items.control.caughtUp();
    for (let round = 0; round < 8; round++) {
      const controller = new AbortController();
      const seen = lame.seen.length;
      const pending = ask(facade.port, '/api/items', {
        headers: { authorization: 'ann' },
        signal: controller.signal,
      }).catch(() => {});
      await until('the service has the request', () => lame.seen.length > seen);
      controller.abort();
      await pending;
    }
    expect(await facade.metric(/^facade_breaker_open\{.*side="service"/)).toBe(0);
    await lame.close();
  });
});
