import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort, until } from '@strangler-toolkit/dev-stack';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let control: TestControl;
let monolith: Upstream;
let service: Upstream;
let gone: string;
let monolithAnswers: (request: IncomingMessage, response: ServerResponse) => void;
const facades: RunningFacade[] = [];
beforeAll(async () => {
  gone = `http://127.0.0.1:${await freePort()}`;
  monolith = await startUpstream('monolith', (request, response) => {
    request.resume();
    monolithAnswers(request, response);
  });
  service = await startUpstream('service');
});
beforeEach(async () => {
  monolithAnswers = (_request, response) => void response.end('ok');
  control = await startControl();
});
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop();
  await control.close();
});
afterAll(async () => {
  await monolith?.close();
  await service?.close();
});

async function start(
  urls: { monolith?: string; service?: string } = {},
  limits: object = {},
  flags: Record<string, number> | null = { 'items.list': 100 },
): Promise<RunningFacade> {
  const facade = await startFacade({
    ...(flags && (await lastKnownFlags(flags))),
    monolithUrl: urls.monolith ?? monolith.url,
    controlUrl: control.url,
    contexts: [
      itemsContext('replicated', urls.monolith ?? monolith.url, urls.service ?? service.url),
    ],
    limits: { pollMs: 60_000, ...limits },
  });
  facades.push(facade);
  await until('the owner is known', async () => (await facade.readiness()).contexts.items?.known);
  return facade;
}
const post = async (facade: RunningFacade) => {
  const { status, headers, body } = await ask(facade.port, '/api/items', { method: 'POST' });
  return { status, retryAfter: headers['retry-after'], body };
};

describe('a side that is not there', () => {
  test('is named by the answer to whoever needed it', async () => {
    await control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    const facade = await start({ service: gone });
    for (const method of ['POST', 'GET']) {
      const answer = await ask(facade.port, '/api/items', { method });
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
        502,
        {
          code: 'UPSTREAM_UNREACHABLE',
          upstream: 'service',
          context: 'items',
          detail: 'The service of items could not be reached.',
        },
      ]);
    }
    const other = await start({ monolith: gone });
    expect(JSON.parse((await ask(other.port, '/elsewhere')).body)).toMatchObject({
      upstream: 'monolith',
      detail: 'The monolith could not be reached.',
    });
  });

  /** Without flags, whose age would be a reason of its own to call it degraded. */
  const watching = async (urls: { monolith?: string; service?: string }) => {
    const facade = await start(urls, { healthMs: 50 }, null);
    const told = await until('both sides are looked at', async () => {
      const ready = await facade.readiness();
      const { monolith: one, service: other } = ready.contexts.items?.upstreams ?? {};
      return one && other && ready;
    });
    return { facade, told };
  };

  test('is told by readiness and metrics before a client meets it', async () => {
    await control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    const { facade, told } = await watching({ service: gone });
    expect(told).toMatchObject({
      status: 'degraded',
      contexts: {
        items: {
          upstreams: {
            monolith: { up: true },
            service: { up: false, why: 'does not answer (ECONNREFUSED)' },
          },
        },
      },
    });
    expect(await facade.metric(/^facade_upstream_up\{context="items",side="service"/)).toBe(0);
    expect(await facade.metric(/^facade_upstream_up\{context="items",side="monolith"/)).toBe(1);
  });

  test.each<['monolith' | 'service', string, string, string]>([
    ['service', 'replicating', 'monolith', 'ready'],
    ['service', 'canary', 'monolith', 'degraded'],
    ['monolith', 'replicating', 'monolith', 'degraded'],
    ['monolith', 'retired', 'service', 'ready'],
  ])('a %s that is gone at stage %s (the %s owns): %s', async (side, stage, owner, status) => {
    await control.setContext({ stage, owner, epoch: 2 });
    expect((await watching({ [side]: gone })).told.status).toBe(status);
  });
});

describe('a facade that slept over a change of owner', () => {
  /** A facade looks a second time right after its start: what it slept over must come after that. */
  const startAsleep = async (): Promise<RunningFacade> => {
    const facade = await start();
    await until('the facade has looked for the last time', async () => {
      const rows = await control.query(
        `SELECT bool_and(state = 'idle' AND state_change < clock_timestamp() - interval '400 ms') AS rests
         FROM pg_stat_activity WHERE application_name LIKE 'facade % link' AND datname = current_database()`,
      );
      return rows[0]?.rests === true;
    });
    return facade;
  };
  /** As a process that was stopped for a while sees it: nothing of it. */
  const unheard = (text: string) =>
    control.query(`BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`);
  const fenced = (_request: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(500).end('ERROR: SF001 at line 17 of orders.rb');

  test('says «try again» for a write that the fence refused, and sends the next one to the owner', async () => {
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
    const facade = await startAsleep();
    monolithAnswers = fenced;
    await unheard(
      `UPDATE strangler_control.contexts SET owner = 'service', stage = 'service', epoch = 2`,
    );
    const { status, retryAfter, body } = await post(facade);
    expect([status, retryAfter, JSON.parse(body).code]).toEqual([503, '1', 'OWNER_CHANGED']);
    expect(body).not.toMatch(/SF001/);
    await until('the owner gets it', async () => {
      const before = service.seen.length;
      return (await post(facade)).status < 300 && service.seen.length > before;
    });
  });

  test('and for one that met a fence before the owner changed', async () => {
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
    const facade = await startAsleep();
    monolithAnswers = fenced;
    await unheard(
      `UPDATE strangler_control.contexts SET hold_id = gen_random_uuid(), hold_until = clock_timestamp() + interval '20 seconds'`,
    );
    const { status, body } = await post(facade);
    expect([status, JSON.parse(body).code]).toEqual([503, 'OWNER_CHANGED']);
  });

  test('a failure of the owner itself is the owner’s answer', async () => {
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
    const facade = await startAsleep();
    monolithAnswers = fenced;
    expect(await post(facade)).toMatchObject({ status: 500, body: expect.stringMatching(/SF001/) });
  });
});
