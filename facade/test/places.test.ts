import net from 'node:net';
import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startRawServer } from './support/raw-server.ts';

const short = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na';
/** How an upstream ends a request, by the word in its target. */
const endings: Readonly<Record<string, (socket: net.Socket) => void>> = {
  whole: (socket) => void socket.write(short),
  empty: (socket) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
  unchanged: (socket) =>
    void socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'),
  trailers: (socket) =>
    void socket.write(
      'HTTP/1.1 200 OK\r\nTrailer: T\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n',
    ),
  hints: (socket) => void socket.write(`HTTP/1.1 103 Early\r\n\r\n${short}`),
  half: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'),
  stuck: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'),
  reset: (socket) => void socket.resetAndDestroy(),
  // the next request finds a connection that goes away
  closing: (socket) => void socket.write(short, () => socket.destroy()),
  unending: (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nall'),
  noise: (socket) => void socket.end('no HTTP at all\r\n\r\n'),
  unsayable: (socket) => void socket.write('HTTP/1.1 200 O\x01K\r\nContent-Length: 9\r\n\r\nx'),
  saying: (socket) =>
    void socket.write('HTTP/1.1 200 O\x01K\r\nContent-Length: 1\r\nConnection: close\r\n\r\na'),
  refusing: (socket) => void socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nx'),
  events: (socket) =>
    void socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'),
  line: (socket) =>
    void socket.write('HTTP/1.1 101 On\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  silent: () => {},
};

/** What a client sends. */
const asks: readonly ((path: string) => string)[] = [
  (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  (path) => `HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
  (path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`,
  // breaks off, or is refused before it is whole
  (path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\nbody`,
  (path) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTrailer: T\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\n`,
  (path) =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly`,
];

const upstream = () =>
  startRawServer((socket, head) => {
    const word = /^\S+ \S*\/(\w+)/.exec(head)?.[1] ?? '';
    endings[word]?.(socket);
  });
const inUse = (facade: RunningFacade) =>
  facade.metric(/^facade_(upstream_(requests|waiting)|in_flight)/);

/** The same numbers for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each(
  (['undici', 'middleware'] as const).map(
    (forwarder) => [forwarder, Date.now() % 100_000] as const,
  ),
)(
  'through %s, every place at an upstream is given back, however requests end (seed %i)',
  async (forwarder, seed) => {
    const any = chance(seed);
    const [monolith, service] = [await upstream(), await upstream()];
    const at = (url: string) => ({ url, maxRequests: 3 });
    const facade = await startFacade({
      forwarder,
      monolithUrl: monolith.url,
      fixedFlags: { 'items.read': true, 'items.write': true },
      contexts: [
        itemsContext('none', monolith.url, service.url, {
          monolith: at(monolith.url),
          service: at(service.url),
          routes: [
            { name: 'read', method: 'GET', path: '/read/**', kind: 'read', timeoutMs: 200 },
            { name: 'write', method: 'POST', path: '/write/**', kind: 'write', timeoutMs: 200 },
          ],
        }),
        itemsContext('replicated', monolith.url, service.url, {
          context: 'owned',
          routes: [{ name: 'w', method: 'POST', path: '/owned/**', kind: 'write', timeoutMs: 200 }],
        }),
      ],
      limits: {
        upstreamMaxWaiting: 4,
        upstreamWaitMs: 100,
        wireTimeoutMs: 250,
        silenceMs: 150,
        wireSilenceMs: 150,
      },
    });
    try {
      const words = Object.keys(endings);
      const visit = async (): Promise<void> => {
        const path = `/${['read', 'write', 'owned', 'other'][any(4)]}/${words[any(words.length)]}`;
        const socket = net.connect(facade.port, '127.0.0.1');
        const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
        socket.on('error', () => {}).resume();
        socket.write(asks[any(asks.length)]?.(path) ?? '');
        const leaves = setTimeout(() => socket.destroy(), any(300));
        await closed;
        clearTimeout(leaves);
      };
      const visitor = async (): Promise<void> => {
        for (let visits = 0; visits < 8; visits++) await visit();
      };
      await Promise.all(Array.from({ length: 16 }, visitor));
      expect(service.heard.length).toBeGreaterThan(5);
      await until('every place is free', async () => (await inUse(facade)) === 0);
    } finally {
      await facade.stop();
      await monolith.close();
      await service.close();
    }
  },
);

test.each(['undici', 'middleware'] as const)(
  'through %s, odd answers leave nothing behind, and the facade lives',
  async (forwarder) => {
    const monolith = await upstream();
    const facade = await startFacade({ forwarder, monolithUrl: monolith.url, contexts: [] });
    const shake = (word: string): string =>
      `GET /other/${word} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    try {
      // node reads such a reason, and does not write it
      const get = 'GET /other/saying HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
      expect(await askRaw(facade.port, get)).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\na$/);
      // a handshake that is refused with half an answer ends with it
      expect(await askRaw(facade.port, shake('half'))).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*ok$/);
      const client = net.connect(facade.port, '127.0.0.1').on('error', () => {});
      client.write(shake('events'));
      await new Promise((resolve) => client.once('data', resolve));
      expect(await facade.metric(/^facade_upstream_requests/)).toBe(1);
      client.destroy();
      await until('it has its place back', async () => (await inUse(facade)) === 0);
    } finally {
      await facade.stop();
      await monolith.close();
    }
  },
);
