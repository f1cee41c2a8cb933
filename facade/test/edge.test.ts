import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { pino } from 'pino';
import { ask, askRaw } from './support/client.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { echo, type RawServer, startRawServer } from './support/raw-server.ts';

let monolith: RawServer;
/** Believes nobody. */
let facade: RunningFacade;
/** Believes everything on loopback. */
let behindProxy: RunningFacade;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  monolith = await startRawServer((socket, head) => {
    if (!head.startsWith('GET /silent')) echo(socket, head);
  });
  const log = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  facade = await startFacade({ contexts: [], monolithUrl: monolith.url, log });
  behindProxy = await startFacade({
    contexts: [],
    monolithUrl: monolith.url,
    trustedProxies: ['127.0.0.0/8'],
  });
});
afterAll(async () => {
  await facade?.stop();
  await behindProxy?.stop();
  await monolith?.close();
});

const get = (more: readonly string[] = [], line = 'GET / HTTP/1.1'): string =>
  [line, 'Host: shop.example:8443', 'Connection: close', ...more, '', ''].join('\r\n');
/** The headers that the monolith saw, by name in lower case. */
const seen = (answer: string): Record<string, string> =>
  Object.fromEntries(
    answer
      .slice(answer.indexOf('\r\n\r\n') + 4)
      .split('\r\n')
      .slice(1)
      .map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 2),
      ]),
  );

const lies = [
  'X-Real-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'Forwarded',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Client-IP',
  'X-Forwarded-Prefix',
  'X-Forwarded-Scheme',
  'Proxy',
];

describe('who a client is', () => {
  test.each(lies)('a stranger cannot say it by %s', async (name) => {
    expect(seen(await askRaw(facade.port, get([`${name}: 6.6.6.6`])))).not.toHaveProperty(
      name.toLowerCase(),
    );
  });
  test.each([
    ...lies,
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Strangler-Shadow',
    'X-Request-Id',
    'Host',
    'Transfer-Encoding',
  ])('nor by %s with underscores, which CGI, WSGI, Rack and PHP read as hyphens', async (name) => {
    const mixed = name.replaceAll('-', '_');
    const first = name.replace('-', '_');
    const answer = await askRaw(
      facade.port,
      get(
        [...new Set([mixed, first])]
          .filter((spelling) => spelling !== name)
          .map((spelling) => `${spelling}: 6.6.6.6`),
      ),
    );
    expect(answer).toContain('200 OK');
    expect(answer).not.toContain('6.6.6.6');
  });
  test('other names with underscores pass', async () => {
    expect(seen(await askRaw(facade.port, get(['api_key: 1'])))).toMatchObject({ api_key: '1' });
  });
  test('a proxy of ours says it', async () => {
    const answer = await askRaw(behindProxy.port, get(lies.map((name) => `${name}: 7.7.7.7`)));
    for (const name of lies) expect(seen(answer)).toHaveProperty(name.toLowerCase(), '7.7.7.7');
  });
});

describe('a peer that speaks like a proxy and is not trusted', () => {
  const named = () =>
    lines.filter((line) => String(line.msg).startsWith('forwarded headers of a peer'));
  test('is named once in the log and in the detail of readiness, with the setting', async () => {
    for (let round = 0; round < 3; round++)
      await askRaw(facade.port, get(['X-Forwarded-For: 7.7.7.7', 'X-Forwarded-Proto: https']));
    expect(named()).toHaveLength(1);
    expect(named()[0]).toMatchObject({
      peer: '127.0.0.1',
      remedy: 'FACADE_TRUSTED_PROXIES=127.0.0.1',
    });
    expect(await facade.readiness()).toMatchObject({
      untrustedProxies: {
        peers: [{ address: '127.0.0.1' }],
        setting: 'FACADE_TRUSTED_PROXIES',
      },
    });
  });
  test('is not, when it is trusted', async () => {
    await askRaw(behindProxy.port, get(['X-Forwarded-For: 7.7.7.7']));
    expect(await behindProxy.readiness()).not.toHaveProperty('untrustedProxies');
  });
});

describe('X-Forwarded-Port', () => {
  const port = async (port: number, more: readonly string[]): Promise<unknown> =>
    seen(await askRaw(port, get(more)))['x-forwarded-port'];
  test('is the facade’s own for a stranger', async () => {
    expect(await port(facade.port, ['X-Forwarded-Port: 1', 'X-Forwarded-Proto: https'])).toBe(
      String(facade.port),
    );
  });
  test.each([
    ['what the proxy says', ['X-Forwarded-Port: 444', 'X-Forwarded-Proto: https'], '444'],
    [
      'that of the host the proxy says',
      ['X-Forwarded-Host: shop:445', 'X-Forwarded-Proto: https'],
      '445',
    ],
    ['that of https', ['X-Forwarded-Host: shop', 'X-Forwarded-Proto: https'], '443'],
    ['that of http', ['X-Forwarded-Host: shop', 'X-Forwarded-Proto: http'], '80'],
    ['that of the Host header', ['X-Forwarded-Proto: https'], '8443'],
  ])('is %s behind a proxy of ours', async (_what, more, expected) => {
    expect(await port(behindProxy.port, more)).toBe(expected);
  });
});

describe('what is no request', () => {
  test.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'HOST_REFUSED'],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400, 'HOST_REFUSED'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'HOST_REFUSED'],
    ['the same Host twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400, 'HOST_REFUSED'],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'HOST_REFUSED'],
    ['a Host with a user', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', 400, 'HOST_REFUSED'],
    [
      'HTTP/1.0 in chunks',
      'POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'FRAMING',
    ],
    [
      'another coding',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      501,
      'TRANSFER_ENCODING',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
      'FRAMING',
    ],
    ['a tunnel', 'CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n', 405, 'CONNECT_REFUSED'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, 'HTTP2_REFUSED'],
    ['no HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001', 400, 'FRAMING'],
  ])('%s gets an answer, and the connection ends', async (_what, text, status, code) => {
    const heard = monolith.heard.join('').length;
    const before = await facade.metric(new RegExp(`^facade_rejected_total\\{code="${code}"`));
    const answer = await askRaw(facade.port, Buffer.from(text, 'latin1'));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(lines.at(-1)).toMatchObject({ status, code, reason: expect.any(String) });
    expect(await facade.metric(new RegExp(`^facade_rejected_total\\{code="${code}"`))).toBe(
      before + 1,
    );
    expect(monolith.heard.join('').length).toBe(heard);
  });
  test('HTTP/1.0 needs no Host; the monolith is asked by its own name', async () => {
    const answer = await askRaw(facade.port, 'GET /old HTTP/1.0\r\n\r\n');
    expect(seen(answer).host).toBe(monolith.url.slice('http://'.length));
  });
});

describe('100 Continue', () => {
  const upload = (version: string): string =>
    `POST /up HTTP/${version}\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok`;
  test('is for HTTP/1.1', async () => {
    expect(await askRaw(facade.port, upload('1.1'))).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /,
    );
  });
  test('is not for HTTP/1.0', async () => {
    expect(await askRaw(facade.port, upload('1.0'))).toMatch(/^HTTP\/1.1 200 /);
  });
  test('is not said for another expectation, which is none of our business', async () => {
    const answer = await askRaw(facade.port, upload('1.1').replace('100-continue', 'the-best'));
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('a WebSocket handshake that is abandoned', () => {
  test.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'by %s frees its upstream connection',
    async (how) => {
      await until('earlier connections are left', () => monolith.open.size === 0);
      const socket = net.connect(facade.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(
        get(
          [
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          ],
          'GET /silent HTTP/1.1',
        ).replace('Connection: close', 'Connection: Upgrade'),
      );
      await until('the monolith has it', () => monolith.open.size === 1);
      const closed = once(socket, 'close');
      socket[how]();
      await until('its connection is gone', () => monolith.open.size === 0);
      await closed;
    },
  );
});

test('an upgrade that is no WebSocket is an ordinary request', async () => {
  expect(
    (await ask(facade.port, '/h2c', { headers: { connection: 'upgrade', upgrade: 'h2c' } })).status,
  ).toBe(200);
});
