import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { shadowFlagName } from '@strangler-toolkit/plan';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { createFacade } from '../../src/facade.ts';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const pem = (kind: 'ed25519' | 'p256' | 'rsa'): string =>
  (kind === 'ed25519'
    ? generateKeyPairSync('ed25519')
    : kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  ).privateKey
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
const env = { KEY_NOW: pem('ed25519'), KEY_NEXT: pem('p256'), KEY_RSA: pem('rsa') };
const rule = {
  routes: ['items'],
  cookies: ['sid'],
  whoAmI: '/me',
  subject: '/user/id',
  claims: { roles: '/user/roles' },
  keys: [{ env: 'KEY_NOW' }, { env: 'KEY_NEXT' }],
  audience: 'items',
  // so long may a hang last; a busy machine is not one
  timeoutMs: 30_000,
  changes: ['POST /quiet-logout', 'POST /hung-logout'],
};
const header = 'x-strangler-identity';

describe.each(['undici', 'middleware'] as const)('sessions, through %s', (forwarder) => {
  let monolith: Upstream;
  let service: Upstream;
  let facade: RunningFacade;
  /** The monolith's own: by cookie, who it is. */
  const sessions = new Map<string, number>();
  let way: 'well' | 'silent' | 'broken' = 'well';
  beforeAll(async () => {
    monolith = await startUpstream('monolith', (request, response) => {
      request.resume();
      const { url, headers, method } = request;
      const sid = /(?:^|; )sid=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '';
      if (url === '/me') {
        if (way === 'silent') return;
        if (way === 'broken') return void response.writeHead(500).end();
        const id = sessions.get(sid);
        if (id === undefined) return void response.writeHead(401).end();
        return void response.end(JSON.stringify({ user: { id, roles: ['buyer'], secret: 'x' } }));
      }
      if (method === 'POST' && url?.endsWith('logout')) sessions.delete(sid);
      if (url === '/hung-logout') return;
      if (url === '/logout') response.setHeader('set-cookie', 'sid=; Max-Age=0');
      if (url === '/roll') response.setHeader('set-cookie', `sid=${sid}; Max-Age=60`);
      response.end('{"from":"monolith"}');
    });
    service = await startUpstream('service');
    facade = await startFacade({
      contexts: [itemsContext('none', monolith.url, service.url)],
      monolithUrl: monolith.url,
      forwarder,
      env,
      edge: { sessions: [{ ...rule, routes: ['items.add'], timeoutMs: 200 }, rule] },
      fixedFlags: {
        'items.list': true,
        'items.add': true,
        'items.one': false,
        [shadowFlagName('items', 'one')]: true,
      },
    });
  });
  afterAll(async () => {
    await facade?.stop();
    await Promise.all([monolith, service].map((one) => one?.close()));
  });
  let count = 0;
  let sid = '';
  beforeEach(() => {
    way = 'well';
    sid = `s${count++}`;
    sessions.set(sid, 7);
    monolith.seen.length = 0;
    service.seen.length = 0;
  });
  const get = (path = '/api/items', headers: Record<string, string> = { cookie: `sid=${sid}` }) =>
    ask(facade.port, path, { headers });
  const post = (path: string) =>
    ask(facade.port, path, { method: 'POST', headers: { cookie: `sid=${sid}` } });
  // the mirrored reads of an earlier test may come as late as they like
  const served = (): Upstream['seen'] =>
    service.seen.filter(({ headers }) => headers['x-strangler-shadow'] === undefined);
  const questions = (): Upstream['seen'] =>
    monolith.seen.filter(
      ({ url, headers }) => url === '/me' && headers.cookie?.includes(`sid=${sid}`) === true,
    );
  const asked = (): number => questions().length;
  const told = (): unknown[] => served().map(({ headers }) => headers[header]);
  const published = async (): Promise<JSONWebKeySet> =>
    JSON.parse((await ask(facade.adminPort, '/.well-known/jwks.json')).body);

  test('a service learns who asks by a token of a minute, and never sees the session', async () => {
    await get('/api/items', { cookie: `theme=dark; sid=${sid}; a=b` });
    await get();
    expect(asked()).toBe(1);
    const [seen] = served();
    expect(seen?.headers.cookie).toBe('theme=dark; a=b');
    expect(served()[1]?.headers.cookie).toBeUndefined();
    const token = String(seen?.headers[header]);
    const keys = await published();
    expect(keys.keys).toHaveLength(2);
    expect(JSON.stringify(keys)).not.toContain('"d"');
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: 'strangler-facade',
      audience: 'items',
    });
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', kid: keys.keys[0]?.kid });
    expect(payload).toMatchObject({ sub: '7', roles: ['buyer'] });
    expect(payload).not.toHaveProperty('secret');
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
    // the monolith is asked with the session alone, and what it may hang on
    const [question] = questions();
    expect(question?.headers).toMatchObject({
      cookie: `sid=${sid}`,
      host: `127.0.0.1:${facade.port}`,
      'x-forwarded-proto': 'http',
    });
  });

  test('the monolith keeps its session and gets no token, nor does a client', async () => {
    const answer = await get('/api/items/1');
    expect(answer.raw.join()).not.toContain(header);
    const seen = monolith.seen.find(({ url }) => url === '/api/items/1');
    expect(seen?.headers.cookie).toBe(`sid=${sid}`);
    expect(seen?.headers[header]).toBeUndefined();
  });

  test('nobody says the header but the facade', async () => {
    const forged = { [header]: 'me', X_Strangler_Identity: 'me', 'X-STRANGLER-identity': 'me' };
    await get('/api/items', forged);
    await get('/api/items/1', forged);
    await get('/unclaimed', forged);
    const raw = [...service.seen, ...monolith.seen].flatMap((one) => one.raw);
    expect(raw).not.toContain('me');
    expect(service.seen.length).toBeGreaterThan(0);
  });

  test.each(['/logout', '/quiet-logout'])(
    'POST %s counts before its client knows',
    async (path) => {
      await get();
      await get();
      await post(path);
      await get();
      expect(told()).toEqual([expect.any(String), expect.any(String), undefined]);
      expect(asked()).toBe(2);
    },
  );

  test('a logout that is never answered may have happened: the monolith is asked', async () => {
    await get();
    const left = new AbortController();
    const logout = ask(facade.port, '/hung-logout', {
      method: 'POST',
      headers: { cookie: `sid=${sid}` },
      signal: left.signal,
    });
    await until('the monolith has ended it', async () => !sessions.has(sid));
    await get();
    expect(asked()).toBe(1);
    left.abort();
    await expect(logout).rejects.toThrow();
    await until('it is asked about again', async () => {
      await get();
      return asked() > 1;
    });
    expect(told().at(-1)).toBeUndefined();
  });

  test('a session that rolls is not asked about again each time', async () => {
    await get();
    await get('/roll');
    await get();
    expect(asked()).toBe(1);
  });

  test('of a cookie that is there twice the monolith says which one counts', async () => {
    await get('/api/items', { cookie: `sid=stolen; sid=${sid}` });
    expect(told()).toEqual([undefined]);
    expect(questions()[0]?.headers.cookie).toBe(`sid=stolen; sid=${sid}`);
    await get('/api/items', { cookie: `sid=${sid}; sid=stolen` });
    expect(told()[1]).toEqual(expect.any(String));
    expect(served().map(({ headers }) => headers.cookie)).toEqual([undefined, undefined]);
  });

  test.each(['silent', 'broken'] as const)(
    'while the monolith is %s about a session, reads go to the owner and a write is refused, not passed on without a name',
    async (how) => {
      way = how;
      if (how === 'broken') {
        const read = await get();
        expect([read.status, read.body]).toEqual([200, '{"from":"monolith"}']);
      }
      const write = await post('/api/items');
      expect([write.status, JSON.parse(write.body).code]).toEqual([503, 'IDENTITY_UNKNOWN']);
      expect(write.headers['retry-after']).toBe('1');
      expect(served()).toEqual([]);
      expect(await facade.metric(/^facade_edge_failures_total{duty="sessions"}/)).toBeGreaterThan(
        0,
      );
      // the service did nothing wrong
      expect(await facade.metric(/^facade_breaker_open{.*side="service"}/)).toBe(0);
    },
  );

  test('who has no session is asked about nowhere', async () => {
    await get('/api/items', { cookie: 'theme=dark' });
    expect(served()[0]?.headers).toMatchObject({ cookie: 'theme=dark' });
    expect(monolith.seen.filter(({ url, headers }) => url === '/me' && !headers.cookie)).toEqual(
      [],
    );
    expect(asked()).toBe(0);
  });

  test('a mirrored read carries it to the service, and to the service only', async () => {
    const path = `/api/items/mirrored-${sid}`;
    await get(path);
    const seen = await until('the mirrored read', async () =>
      service.seen.find(({ url }) => url === path),
    );
    expect(seen?.headers).toMatchObject({
      'x-strangler-shadow': '1',
      [header]: expect.any(String),
    });
    expect(seen?.headers.cookie).toBeUndefined();
    const shadows = await until('the second look at the monolith', async () => {
      const found = monolith.seen.filter(
        ({ url, headers }) => url === path && headers['x-strangler-shadow'] === '1',
      );
      return found.length > 0 ? found : undefined;
    });
    for (const { headers } of shadows) {
      expect(headers.cookie).toBe(`sid=${sid}`);
      expect(headers[header]).toBeUndefined();
    }
    expect(questions()[0]?.headers).toBeDefined();
    expect(questions()[0]?.headers).not.toHaveProperty('x-strangler-shadow');
  });

  test('a handshake of a WebSocket carries it, or is refused', async () => {
    const shake = (cookie: string): Promise<string> =>
      askRaw(
        facade.port,
        `GET /api/items HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${cookie}\r\n\r\n`,
      );
    await shake(`sid=${sid}`);
    expect(told()).toEqual([expect.any(String)]);
    expect(served()[0]?.headers.cookie).toBeUndefined();
    way = 'broken';
    expect(await shake('sid=another')).toContain('"code":"IDENTITY_UNKNOWN"');
    expect(served()).toHaveLength(1);
  });
});

test("a token may take the place of the client's own Authorization", async () => {
  const monolith = await startUpstream('monolith', (_request, response) => {
    response.end('{"user":{"id":1}}');
  });
  const service = await startUpstream('service');
  const facade = await startFacade({
    contexts: [itemsContext('none', monolith.url, service.url)],
    monolithUrl: monolith.url,
    env,
    edge: { sessions: [{ ...rule, header: 'authorization', keys: [{ env: 'KEY_NEXT' }] }] },
    fixedFlags: { 'items.list': true },
  });
  try {
    const headers = { authorization: 'Bearer mine', cookie: 'sid=1' };
    await ask(facade.port, '/api/items', { headers });
    await ask(facade.port, '/api/items', { headers: { authorization: 'Bearer mine' } });
    const [first, second] = service.seen.map((one) => one.headers.authorization ?? '');
    expect(decodeProtectedHeader(first?.slice(7) ?? '').alg).toBe('ES256');
    expect(second).toBe('');
  } finally {
    await facade.stop();
    await Promise.all([monolith.close(), service.close()]);
  }
});

test.each([
  [{ keys: [{ env: 'KEY_RSA' }] }, /kind rsa/],
  [{ keys: [{ env: 'NO_KEY' }] }, /NO_KEY is not set/],
  [{ keys: [{ file: '/nowhere/key.pem' }] }, /cannot be read/],
  [{ keys: [] }, /keys/],
  [{ header: 'cookie' }, /header/],
  [{ claims: { sub: '/x' } }, /claims/],
  [{ cacheSeconds: 60 }, /cacheSeconds/],
])('a faulty rule of sessions starts no facade: %j', (more, message) => {
  const monolithUrl = 'http://127.0.0.1:9';
  const contexts = [itemsContext('none', monolithUrl, monolithUrl)];
  const edge = { sessions: [{ ...rule, ...more }] };
  expect(() =>
    createFacade({ contexts, monolithUrl, stateDir: '.', name: 'x', env, edge }),
  ).toThrow(message);
});
