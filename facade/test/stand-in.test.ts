import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort, until } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type { FacadeLimits } from '../src/config/limits.ts';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let control: TestControl;
let gone: string;
const sides: { monolith?: Upstream; service?: Upstream } = {};
const answers: Record<'monolith' | 'service', Handler> = { monolith: () => {}, service: () => {} };
const facades: RunningFacade[] = [];
beforeAll(async () => {
  gone = `http://127.0.0.1:${await freePort()}`;
  for (const side of ['monolith', 'service'] as const)
    sides[side] = await startUpstream(side, (request, response) => {
      request.resume();
      answers[side](request, response);
    });
});
beforeEach(async () => {
  for (const side of ['monolith', 'service'] as const)
    answers[side] = (_request, response) => void response.end(side);
  control = await startControl();
});
afterEach(async () => {
  for (const facade of facades.splice(0)) await facade.stop();
  await control.close();
});
afterAll(async () => {
  await sides.monolith?.close();
  await sides.service?.close();
});

interface Given {
  readonly monolith?: string;
  readonly service?: string;
  readonly forwarder?: 'undici' | 'middleware';
  /** null: none at all, whose age would be a reason of its own to call a facade degraded. */
  readonly flags?: Record<string, number> | null;
  readonly more?: Partial<MigrationDefinition>;
  readonly limits?: Partial<FacadeLimits>;
}
async function start({ flags, more, forwarder, limits, ...urls }: Given): Promise<RunningFacade> {
  const monolithUrl = urls.monolith ?? sides.monolith?.url ?? '';
  const facade = await startFacade({
    ...(flags !== null && (await lastKnownFlags(flags ?? { 'items.list': 100 }))),
    ...(forwarder && { forwarder }),
    monolithUrl,
    controlUrl: control.url,
    contexts: [
      itemsContext('replicated', monolithUrl, urls.service ?? sides.service?.url ?? '', more),
    ],
    limits: { pollMs: 60_000, ...limits },
  });
  facades.push(facade);
  return facade;
}
const owned = (by: 'monolith' | 'service', epoch = 2) =>
  control.setContext({ stage: by === 'service' ? 'service' : 'canary', owner: by, epoch });
const get = async (facade: RunningFacade, who = 'bob', method = 'GET') => {
  const { status, headers, body } = await ask(facade.port, '/api/items', {
    method,
    headers: { authorization: who },
  });
  return { status, standIn: headers['x-strangler-stand-in'], body };
};
const outcomes = (facade: RunningFacade, outcome: string) =>
  facade.metric(new RegExp(`^facade_stand_ins_total\\{.*outcome="${outcome}"`));
const aged = (seconds: number) =>
  control.query(
    `UPDATE strangler_control.watermarks SET applied_at = clock_timestamp() - $1 * interval '1 second'`,
    [seconds],
  );

const hasWithin = (timeoutMs: number): Partial<MigrationDefinition> => ({
  routes: itemsContext('replicated', '', '').routes.map((route) => ({ ...route, timeoutMs })),
});
const pinEverybody = () =>
  control.query(
    `INSERT INTO strangler_control.pins (context, identity) VALUES ('items', '*')
     ON CONFLICT (context, identity) DO UPDATE SET pinned_at = clock_timestamp()`,
  );

describe.each([
  ['undici', 'service', 'monolith', 'reverse'],
  ['middleware', 'service', 'monolith', 'reverse'],
] as const)('%s: reads of a %s that owns and is dead', (forwarder, owner, other, direction) => {
  test(`are answered by the ${other} while it is provably caught up, and by nobody else`, async () => {
    await owned(owner);
    const facade = await start({ forwarder, [owner]: gone });
    expect(await get(facade)).toMatchObject({ status: 502 });
    await control.caughtUp(direction, 2);
    expect(await get(facade)).toEqual({
      status: 200,
      standIn: expect.stringMatching(`^${other}; behind-ms=\\d+$`),
      body: other,
    });
    expect(await get(facade, 'bob', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await outcomes(facade, 'served')).toBe(2);
    expect(await facade.readiness()).toMatchObject({
      contexts: { items: { standIn: { side: other, reads: 2 } } },
    });

    // a write is the owner's alone; nobody knows whether it arrived, so its writer is pinned
    const before = sides[other]?.seen.length;
    expect(await get(facade, 'ann', 'POST')).toMatchObject({ status: 502 });
    expect(sides[other]?.seen.length).toBe(before);
    expect(await get(facade, 'ann')).toMatchObject({ status: 502, standIn: undefined });
    expect(await get(facade, 'bob')).toMatchObject({ status: 200, body: other });
    await control.caughtUp(direction, 2);
    expect(await get(facade, 'ann')).toMatchObject({ status: 200, body: other });

    // nothing moves the watermark on: the worker stopped
    await aged(6);
    expect(JSON.parse((await get(facade)).body)).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      upstream: owner,
    });
    expect(await outcomes(facade, 'pinned')).toBe(1);
    expect(await outcomes(facade, 'behind')).toBeGreaterThan(0);
  });

  test('that accepts and says nothing as well: after half of their time, and at once when that is known', async () => {
    answers[owner] = () => {};
    // an answer that nobody left time for would come too late
    answers[other] = (_request, response) => void setTimeout(() => response.end(other), 100);
    await owned(owner);
    const limits = { upstreamConnections: 2 };
    const facade = await start({ forwarder, more: hasWithin(2_000), limits });
    const five = () => Promise.all(Array.from({ length: 5 }, () => get(facade)));
    await control.caughtUp(direction, 2);
    expect((await five()).map(({ body }) => body)).toEqual(Array.from({ length: 5 }, () => other));
    // it may be slow for this route only
    expect(await facade.metric(/^facade_breaker_open\{/)).toBe(0);
    await pinEverybody();
    expect((await five()).map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, () => 504),
    );
    expect(await facade.metric(/^facade_breaker_open\{/)).toBe(1);
    await control.caughtUp(direction, 2);
    await until('the owner is not even asked', async () => {
      const asked = sides[owner]?.seen.length;
      const { body } = await get(facade);
      return body === other && sides[owner]?.seen.length === asked;
    });
    // whoever is pinned asks the owner all the same, and none of those that were outrun keeps a connection to it
    await pinEverybody();
    answers[owner] = (_request, response) => void response.end(owner);
    expect(await get(facade)).toEqual({ status: 200, standIn: undefined, body: owner });
  });
});

test('an owner that is slow keeps its whole time where the other side has no good answer, and an answer of it is its answer', async () => {
  answers.service = (_request, response) => void setTimeout(() => response.end('service'), 1_200);
  await owned('service');
  const slow = await start({ more: hasWithin(2_000) });
  expect(await get(slow)).toMatchObject({ status: 200, body: 'service' });
  await control.caughtUp('reverse', 2);
  answers.monolith = (_request, response) => void response.writeHead(404).end('what?');
  expect(await get(slow)).toEqual({ status: 200, standIn: undefined, body: 'service' });
  answers.service = (_request, response) => void response.writeHead(503).end('busy');
  expect(await get(slow)).toEqual({ status: 503, standIn: undefined, body: 'busy' });
});

test('while there are dead letters, no side but the owner has what anybody wrote', async () => {
  const letters = (count: number) =>
    control.query(
      `UPDATE strangler_control.watermarks SET detail = jsonb_build_object('deadLetters', $1::int)`,
      [count],
    );
  await owned('service');
  const facade = await start({ service: gone });
  await control.caughtUp('reverse', 2);
  await letters(1);
  expect(await get(facade)).toMatchObject({ status: 502, standIn: undefined });
  expect(await outcomes(facade, 'pinned')).toBe(1);
  await letters(0);
  expect(await get(facade)).toMatchObject({ status: 200, body: 'monolith' });

  await owned('monolith', 3);
  const before = await start({});
  await control.caughtUp('forward', 3);
  expect(await get(before)).toMatchObject({ body: 'service' });
  await letters(1);
  expect(await get(before)).toMatchObject({ body: 'monolith' });
});

test('at canary the service answers for a dead monolith whom its flag sends there, and nobody else', async () => {
  answers.monolith = () => {};
  await owned('monolith');
  const facade = await start({ more: hasWithin(4_000) });
  await control.caughtUp('forward', 2);
  await pinEverybody();
  const asked = sides.monolith?.seen.length;
  const pinned = get(facade);
  await until('the monolith is asked', async () => sides.monolith?.seen.length !== asked);
  await control.caughtUp('forward', 2);
  expect(await pinned).toMatchObject({
    status: 200,
    standIn: expect.stringMatching(/^service; /),
    body: 'service',
  });
  const off = await start({ monolith: gone, flags: { 'items.list': 0 } });
  expect(await get(off)).toMatchObject({ status: 502, standIn: undefined });
});

test('it makes a facade degraded, though nobody looked whether the sides are there', async () => {
  await owned('service');
  const facade = await start({ service: gone, flags: null });
  expect(await facade.readiness()).toMatchObject({ status: 'ready' });
  await control.caughtUp('reverse', 2);
  expect(await get(facade)).toMatchObject({ status: 200, body: 'monolith' });
  expect(await facade.readiness()).toMatchObject({ status: 'degraded' });
});

test.each<[string, Given]>([
  ['the context file says never', { more: { standInSeconds: 0 } }],
  ['the kill switch is on', { flags: { 'items.list': 100, 'items.kill': 100 } }],
])('nobody stands in where %s', async (_what, given) => {
  await owned('service');
  const facade = await start({ ...given, service: gone });
  await control.caughtUp('reverse', 2);
  expect(await get(facade)).toMatchObject({ status: 502, standIn: undefined });
});

test('nor while the control database is away, also for a facade that starts then', async () => {
  await owned('service');
  const before = await start({ service: gone });
  await until(
    'the owners are on disk',
    async () => (await before.readiness()).contexts.items?.known,
  );
  facades.splice(0);
  await before.stop({ keepState: true });
  await control.allowConnections(false);
  const facade = await startFacade({
    stateDir: before.stateDir,
    monolithUrl: sides.monolith?.url ?? '',
    controlUrl: control.url,
    contexts: [itemsContext('replicated', sides.monolith?.url ?? '', gone)],
    limits: { pollMs: 200, startMs: 100 },
  });
  facades.push(facade);
  expect(await facade.readiness()).toMatchObject({ control: { restoredFromDisk: true } });
  expect(await get(facade)).toMatchObject({ status: 502 });
  expect(await outcomes(facade, 'unknown')).toBe(1);
  await control.allowConnections(true);
  await until('it can ask, and hears that the other side has everything', async () => {
    await control.caughtUp('reverse', 2);
    return (await get(facade)).body === 'monolith';
  });
});

test('a side that became the owner meanwhile answers as the owner, and a watermark of before says nothing', async () => {
  await owned('service');
  const facade = await start({ service: gone });
  await control.caughtUp('reverse', 2);
  // as a process that was stopped for a while sees it: nothing of it
  const unheard = (text: string) =>
    control.query(`BEGIN; SET LOCAL session_replication_role = replica; ${text}; COMMIT`);
  await unheard(
    `UPDATE strangler_control.contexts SET owner = 'monolith', stage = 'canary', epoch = 3`,
  );
  expect(await get(facade)).toEqual({ status: 200, standIn: undefined, body: 'monolith' });
  await unheard(
    `UPDATE strangler_control.contexts SET owner = 'service', stage = 'service', epoch = 4`,
  );
  expect(await get(facade)).toMatchObject({ status: 502, standIn: undefined });
});
