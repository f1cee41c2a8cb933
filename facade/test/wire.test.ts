import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { echo, type RawServer, startRawServer } from './support/raw-server.ts';

describe.each(['undici', 'middleware'] as const)('through %s', (forwarder) => {
  let monolith: RawServer;
  let facade: RunningFacade;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    monolith = await startRawServer(echo);
    facade = await startFacade({
      forwarder,
      contexts: [
        itemsContext('none', monolith.url, monolith.url),
        itemsContext('none', monolith.url, `${monolith.url}/new`, {
          context: 'tenants',
          routes: [
            {
              name: 'one',
              method: 'GET',
              path: '/tenant/**',
              kind: 'read',
              when: { host: 'shop', headers: { 'X-Tenant': ['a', 'b'] }, query: { v: '2' } },
            },
          ],
        }),
      ],
      fixedFlags: { 'tenants.one': true },
      monolithUrl: monolith.url,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    });
  });
  afterAll(async () => {
    await facade?.stop();
    await monolith?.close();
  });

  const request = (line: string, more: readonly string[] = []): string =>
    [`${line} HTTP/1.1`, 'Host: shop', 'Connection: close', ...more, '', ''].join('\r\n');
  const handshake = (target: string, more: readonly string[] = []): string =>
    [
      `GET ${target} HTTP/1.1`,
      'Host: shop',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...more,
      '',
      '',
    ].join('\r\n');
  /** The request line that the monolith saw. */
  const seenLine = (answer: string): string | undefined => /\r\n\r\n(.*)\r\n/.exec(answer)?.[1];

  describe('what no context claims goes on byte for byte', () => {
    const targets = [
      '/projects/group%2Fname/repository/files/lib%2Fa.rb/raw?ref=x%2Fy',
      '/bucket//folder//key?X-Signature=a%2Fb//c&x=..%2f',
      '/img/https://cdn/x.png',
      '//double//slash//',
      '/a/./b/../c/%2e%2e/d',
      '/%7euser/%c3%a9',
      '/back\\slash%5C',
      '/100%/50%25',
      '/page;jsessionid=8A?next=/a;b',
      '/nul%00/%0d%0a',
      '/?',
      '/q?a[]=1&b={}|^`"<>',
      '/api%2Fother',
    ];
    test.each(targets)('GET %s', async (target) => {
      expect(seenLine(await askRaw(facade.port, request(`GET ${target}`)))).toBe(
        `GET ${target} HTTP/1.1`,
      );
    });
    test.each(targets)('a WebSocket handshake at %s', async (target) => {
      expect(seenLine(await askRaw(facade.port, handshake(target)))).toBe(`GET ${target} HTTP/1.1`);
    });
    test('OPTIONS *', async () => {
      expect(seenLine(await askRaw(facade.port, request('OPTIONS *')))).toBe('OPTIONS * HTTP/1.1');
    });
    test('an absolute form asks for its path, and its host stands for the Host header', async () => {
      const answer = await askRaw(facade.port, request('GET http://other.example:81//a%2Fb?c'));
      expect(seenLine(answer)).toBe('GET //a%2Fb?c HTTP/1.1');
      expect(answer.match(/(?<=\r\nhost: ).*/gi)).toEqual(['other.example:81']);
      expect(answer).toMatch(/\r\nx-forwarded-host: other\.example:81\r\n/i);
    });
    test('behind an address with a path of its own', async () => {
      const other = await startFacade({
        contexts: [],
        monolithUrl: `${monolith.url}/base/`,
        forwarder,
      });
      try {
        expect(seenLine(await askRaw(other.port, request('GET //a/../b%2f')))).toBe(
          'GET /base//a/../b%2f HTTP/1.1',
        );
        expect(seenLine(await askRaw(other.port, request('GET /')))).toBe('GET /base/ HTTP/1.1');
        expect(seenLine(await askRaw(other.port, handshake('//a')))).toBe('GET /base//a HTTP/1.1');
      } finally {
        await other.stop();
      }
    });
  });

  describe('what a context claims', () => {
    test('is asked in its canonical spelling', async () => {
      expect(seenLine(await askRaw(facade.port, request('GET //x/../api/%69tems?a=%2f')))).toBe(
        'GET /api/items?a=%2f HTTP/1.1',
      );
    });
    describe.each([
      ['request', request],
      ['upgrade', (line: string, more?: readonly string[]) => handshake(line.slice(4), more)],
    ] as const)('by what else a %s brings', (entrance, asking) => {
      const ask = (target: string, ...more: string[]) =>
        askRaw(facade.port, asking(`GET ${target}`, more));
      test.each([
        ['/tenant/x?v=2', ['X-Tenant: b'], '/new'],
        ['http://shop:81/tenant?v=%32', ['x-tenant: a'], '/new'],
        ['http://other/tenant?v=2', ['x-tenant: a'], ''],
        ['/tenant?v=3', ['X-Tenant: b'], ''],
        ['/tenant?v=2', ['X-Tenant: c'], ''],
        ['/tenant?v=2', [], ''],
      ])('%s with %j goes to "%s"', async (target, headers, side) => {
        const line = seenLine(await ask(target, ...headers));
        expect(line).toBe(`GET ${side}${target.replace(/^http:..[^/]*/, '')} HTTP/1.1`);
      });
      test.each([
        ['/tenant?v=2', ['X-Tenant: a', 'X-Tenant: c'], 'the header x-tenant comes more than once'],
        ['/tenant?v=2', ['X_Tenant: a'], 'the header x-tenant is spelt in another way'],
        ['/tenant?v=2&v=3', ['X-Tenant: a'], 'the query parameter v comes more than once'],
      ])('%s with %j is refused', async (target, headers, reason) => {
        const before = lines.length;
        const heard = monolith.heard.join('').length;
        expect(await ask(target, ...headers)).toMatch(/^HTTP\/1.1 400 [^]*"code":"PATH_REFUSED"/);
        expect(lines.slice(before)).toMatchObject([
          { msg: `${entrance} refused`, reason: expect.stringContaining(reason) },
        ]);
        expect(monolith.heard.join('').length).toBe(heard);
      });
    });

    test.each([
      ['request', request],
      ['upgrade', (line: string) => handshake(line.slice(4))],
    ] as const)(
      'is refused in a %s whose spelling servers read differently; answer and log line say why',
      async (entrance, asking) => {
        for (const [target, reason, shown = target] of [
          // such a parameter may be a session
          ['/api;x=1/items', 'parameters', '/api;…/items'],
          ['/api%2Fitems', 'encoded slash'],
          ['/api/items/a%5Cb', 'backslash'],
          ['http://shop/api%2fitems', 'encoded slash'],
        ] as const) {
          const before = lines.length;
          const heard = monolith.heard.join('').length;
          const answer = await askRaw(facade.port, asking(`GET ${target}`));
          expect(answer).toMatch(/^HTTP\/1.1 400 /);
          expect(answer).toContain('"code":"PATH_REFUSED"');
          expect(answer).toContain(reason);
          expect(lines.slice(before)).toMatchObject([
            { msg: `${entrance} refused`, path: shown, reason: expect.stringContaining(reason) },
          ]);
          expect(monolith.heard.join('').length).toBe(heard);
        }
      },
    );
  });
});
