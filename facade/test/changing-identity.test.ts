import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { RouteDefinition } from '@strangler-toolkit/plan';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let control: TestControl;
let monolith: Upstream;
let service: Upstream;
let answers: (request: IncomingMessage, response: ServerResponse) => void;
const facades: RunningFacade[] = [];

beforeAll(async () => {
  monolith = await startUpstream('monolith', (request, response) => {
    request.resume();
    answers(request, response);
  });
  service = await startUpstream('service');
});
beforeEach(async () => {
  answers = (_request, response) => void response.end('ok');
  control = await startControl();
  await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
  await control.caughtUp();
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
  identity: readonly string[],
  write: Partial<RouteDefinition> = {},
  name = 'facade',
): Promise<RunningFacade> {
  const facade = await startFacade({
    ...(await lastKnownFlags({ 'items.list': 100, 'items.ask': 100 }, name)),
    monolithUrl: monolith.url,
    controlUrl: control.url,
    contexts: [
      itemsContext('replicated', monolith.url, service.url, {
        identity,
        routes: [
          { name: 'list', method: 'GET', path: '/api/items', kind: 'read' },
          { name: 'ask', method: 'POST', path: '/api/items/search', kind: 'read' },
          { name: 'add', method: 'POST', path: '/api/items', kind: 'write', ...write },
        ],
      }),
    ],
    limits: { pollMs: 200 },
  });
  facades.push(facade);
  await until('the owner is known', async () => (await facade.readiness()).contexts.items?.known);
  // the floor of the new connection is passed
  await control.caughtUp();
  return facade;
}
type Headers = Record<string, string>;
const sends = (facade: RunningFacade, method: string, path: string, headers: Headers = {}) =>
  ask(facade.port, path, { method, headers });
const write = (facade: RunningFacade, headers: Headers) =>
  sends(facade, 'POST', '/api/items', headers);
const reads = async (facade: RunningFacade, headers: Headers): Promise<unknown> =>
  (await sends(facade, 'GET', '/api/items', headers)).headers['x-strangler-served-by'];
const says =
  (headers: Record<string, string | string[]>, status = 200) =>
  (_request: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(status, headers).end('ok');
const token = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'x']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

describe('a writer whose identity changes reads the own write', () => {
  test('when the answer to the write sets a new session: under the old one and under the new one', async () => {
    const facade = await start(['cookie:sid']);
    answers = says({ 'set-cookie': ['theme=dark', 'sid=new; Path=/; HttpOnly'] });
    await write(facade, { cookie: 'sid=old' });
    expect(await reads(facade, { cookie: 'theme=dark; sid=new' })).toBe('monolith');
    expect(await reads(facade, { cookie: 'sid=old' })).toBe('monolith');
    expect(await reads(facade, { cookie: 'sid=other' })).toBe('service');
    await control.caughtUp();
    expect(await reads(facade, { cookie: 'sid=new' })).toBe('service');
  });

  test('when he had none before the answer gave him one: whoever comes without it may be him', async () => {
    const facade = await start(['cookie:sid']);
    answers = says({ 'set-cookie': 'sid=new; Path=/' });
    await write(facade, {});
    answers = says({});
    expect(await reads(facade, { cookie: 'sid=new' })).toBe('monolith');
    expect(await reads(facade, {})).toBe('monolith');
  });

  test('when a login on a path that no context claims moves the session, through another facade', async () => {
    const [one, two] = [await start(['cookie:sid']), await start(['cookie:sid'], {}, 'two')];
    await write(one, { cookie: 'sid=before' });
    answers = says({ 'set-cookie': 'sid=after; Path=/' }, 302);
    expect((await sends(two, 'POST', '/login', { cookie: 'sid=before' })).status).toBe(302);
    answers = says({});
    expect(await reads(one, { cookie: 'sid=after' })).toBe('monolith');
    expect(await reads(two, { cookie: 'sid=after' })).toBe('monolith');
    expect(await reads(two, { cookie: 'sid=other' })).toBe('service');
    // the pin is as old as the write: it ends with it
    await control.caughtUp();
    expect(await reads(one, { cookie: 'sid=after' })).toBe('service');
  });

  test('when a claimed read moves it', async () => {
    const facade = await start(['cookie:sid']);
    await write(facade, { cookie: 'sid=before' });
    answers = says({ 'set-cookie': 'sid=after' });
    expect(await reads(facade, { cookie: 'sid=before' })).toBe('monolith');
    expect(await reads(facade, { cookie: 'sid=after' })).toBe('monolith');
  });

  test.each([
    ['Max-Age=0', 'sid=; Max-Age=0'],
    ['a time that is past', 'sid=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    ['an empty value', 'sid=""'],
  ])('when a logout ends the session (%s): whoever comes back', async (_how, line) => {
    const facade = await start(['cookie:sid']);
    await write(facade, { cookie: 'sid=before' });
    answers = says({ 'set-cookie': line });
    await sends(facade, 'POST', '/logout', { cookie: 'sid=before' });
    expect(await reads(facade, { cookie: 'sid=fresh' })).toBe('monolith');
    await control.caughtUp();
    expect(await reads(facade, { cookie: 'sid=fresh' })).toBe('service');
    // a session that wrote nothing pins nobody
    await sends(facade, 'POST', '/logout', { cookie: 'sid=fresh' });
    expect(await reads(facade, { cookie: 'sid=other' })).toBe('service');
  });

  test('when a header of answers names the user, after logout and login', async () => {
    const facade = await start(['cookie:sid', 'answer:x-user-id']);
    answers = says({ 'x-user-id': '7' });
    await write(facade, { cookie: 'sid=before' });
    answers = says({ 'x-user-id': '7', 'set-cookie': 'sid=after' });
    await sends(facade, 'POST', '/login');
    expect(await reads(facade, { cookie: 'sid=after' })).toBe('monolith');
    expect(await reads(facade, { cookie: 'sid=other' })).toBe('service');
  });

  test('when the same user has two sessions open and writes in one', async () => {
    const facade = await start(['cookie:sid', 'answer:x-user-id']);
    answers = says({ 'x-user-id': '7' });
    await sends(facade, 'GET', '/profile', { cookie: 'sid=phone' });
    await write(facade, { cookie: 'sid=laptop' });
    expect(await reads(facade, { cookie: 'sid=phone' })).toBe('monolith');
  });

  test('when a token is renewed: the claim stays, whichever header or cookie carries it', async () => {
    const facade = await start(['claim:sub@header:authorization', 'claim:sub@cookie:token']);
    await write(facade, { authorization: `Bearer ${token({ sub: 'ann', iat: 1 })}` });
    const renewed = token({ sub: 'ann', iat: 2 });
    expect(await reads(facade, { authorization: `Bearer ${renewed}` })).toBe('monolith');
    expect(await reads(facade, { cookie: `token=${renewed}` })).toBe('monolith');
    expect(await reads(facade, { cookie: `token=${token({ sub: 'bob' })}` })).toBe('service');
  });

  test('with any of the sources that the write had', async () => {
    const facade = await start(['header:authorization', 'cookie:sid']);
    await write(facade, { authorization: 'ann', cookie: 'sid=1' });
    expect(await reads(facade, { cookie: 'sid=1' })).toBe('monolith');
    expect(await reads(facade, { authorization: 'ann' })).toBe('monolith');
    expect(await reads(facade, { authorization: 'bob', cookie: 'sid=1' })).toBe('monolith');
    expect(await reads(facade, { authorization: 'bob' })).toBe('service');
  });
});

describe('what counts as a write', () => {
  test('one that was refused: it may have counted the attempt; unless the route says that it never does', async () => {
    answers = says({}, 422);
    const facade = await start(['cookie:sid']);
    expect((await write(facade, { cookie: 'sid=1' })).status).toBe(422);
    expect(await reads(facade, { cookie: 'sid=1' })).toBe('monolith');
    const other = await start(['cookie:sid'], { pinRefused: false }, 'other');
    await write(other, { cookie: 'sid=2' });
    expect(await reads(other, { cookie: 'sid=2' })).toBe('service');
    const counted = () =>
      control.query(`SELECT route, side, sum(requests)::int AS requests, sum(errors)::int AS errors,
         sum(refused)::int AS refused FROM strangler_control.route_stats GROUP BY 1, 2 ORDER BY 1, 2`);
    await until('the numbers of both facades arrived', async () => (await counted()).length === 3);
    const of = (route: string, side: string, refused: number, requests = 1) =>
      expect.objectContaining({ route, side, requests, errors: 0, refused });
    await until('both writes', async () => (await counted())[0]?.requests === 2);
    expect(await counted()).toEqual([
      of('add', 'monolith', 2, 2),
      of('list', 'monolith', 1),
      of('list', 'service', 0),
    ]);
  });

  test.each(['x-http-method-override', 'x-method-override', 'x-http-method'])(
    'a read whose %s asks for something else: the owner gets it, and the writer is pinned',
    async (name) => {
      const facade = await start(['cookie:sid']);
      const search = (headers: Headers) => sends(facade, 'POST', '/api/items/search', headers);
      const served = async (headers: Headers) =>
        (await search({ cookie: 'sid=1', ...headers })).headers['x-strangler-served-by'];
      expect(await served({})).toBe('service');
      expect(await served({ [name]: 'get' })).toBe('service');
      expect(await served({ [name]: 'delete' })).toBe('monolith');
      expect(await served({})).toBe('monolith');
    },
  );

  test('a method in the query that the application may take', async () => {
    const facade = await start(['cookie:sid']);
    const answer = await sends(facade, 'POST', '/api/items/search?_method=PUT', {
      cookie: 'sid=1',
    });
    expect(answer.headers['x-strangler-served-by']).toBe('monolith');
  });
});
