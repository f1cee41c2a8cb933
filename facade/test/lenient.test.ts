import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { itemsContext } from './support/contexts.ts';
import { ask } from './support/client.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { type RawServer, startRawServer } from './support/raw-server.ts';

const answers: Readonly<Record<string, string>> = {
  '/lf': 'HTTP/1.1 200 OK\nX-Odd: 1\nContent-Length: 2\n\nok',
  '/space-before': 'HTTP/1.1 200 OK\r\nX-Odd : 1\r\nContent-Length : 2\r\n\r\nok',
  '/space-inside': 'HTTP/1.1 200 OK\r\nX Odd: 1\r\nX-Odd: 1\r\nContent-Length: 2\r\n\r\nok',
  '/twice': 'HTTP/1.1 200 OK\r\nX-Odd: 1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
  '/listed': 'HTTP/1.1 200 OK\r\nX-Odd: 1\r\nContent-Length: 2, 2\r\n\r\nok',
  '/differ': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
  '/both':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  '/folded': 'HTTP/1.1 200 OK\r\nX-Odd: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok',
  '/chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n',
  '/hints': 'HTTP/1.1 103 Early Hints\nLink : </a>\n\nHTTP/1.1 200 OK\nX-Odd: 1\n\nok',
};
const bodyOf = (path: string): string => `body of ${path}\n\nX : 1\n\n`;

/** A server of long ago; it closes after each answer, as an answer without a length wants it. */
const old = (): Promise<RawServer> =>
  startRawServer((socket, head) => {
    const path = head.split(' ')[1] ?? '';
    const item = `HTTP/1.1 200 OK\nX-Odd: 1\n\n${bodyOf(path)}`;
    socket.end(answers[path] ?? item, 'latin1');
  });

let monolith: RawServer;
let service: RawServer;
beforeAll(async () => {
  monolith = await old();
  service = await old();
});
afterAll(async () => {
  await monolith?.close();
  await service?.close();
});

describe.each(['undici', 'middleware'] as const)('through %s', (forwarder) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let strict: RunningFacade;
  let lenient: RunningFacade;
  beforeAll(async () => {
    const options = {
      contexts: [itemsContext('none', monolith.url, service.url)],
      monolithUrl: monolith.url,
      forwarder,
      fixedFlags: { 'items.list': true, 'items.one': false },
    };
    strict = await startFacade(options);
    lenient = await startFacade({ ...options, lenientMonolith: true, log });
  });
  afterAll(async () => {
    await strict?.stop();
    await lenient?.stop();
  });

  test.each(['/lf', '/space-before', '/space-inside', '/twice', '/listed', '/hints'])(
    'what an old monolith sends at %s is taken where it is asked for, and only there',
    async (path) => {
      const refused = await ask(strict.port, path);
      expect(refused).toMatchObject({ status: 502 });
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'UPSTREAM_UNREADABLE' });
      const taken = await ask(lenient.port, path);
      expect(taken).toMatchObject({ status: 200, body: 'ok', headers: { 'x-odd': '1' } });
    },
  );

  test.each([
    ['/differ', 'HPE_UNEXPECTED_CONTENT_LENGTH'],
    ['/both', 'HPE_INVALID_TRANSFER_ENCODING'],
    ['/folded', 'HPE_INVALID_HEADER_TOKEN'],
  ])('what leaves in doubt where an answer ends stays refused: %s, by name', async (path, name) => {
    const { status, body } = await ask(lenient.port, path);
    expect(status).toBe(502);
    expect(JSON.parse(body)).toMatchObject({ code: 'UPSTREAM_UNREADABLE' });
    expect(lines.find((line) => line.path === path)).toMatchObject({
      msg: 'answer unreadable',
      problem: expect.stringContaining(name),
    });
  });

  test('a body whose chunks leave it in doubt is cut off, never ended cleanly', async () => {
    await expect(ask(lenient.port, '/chunks')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('a claimed route is served by such a monolith too, its body as it came', async () => {
    expect(await ask(lenient.port, '/api/items/7')).toMatchObject({
      status: 200,
      body: bodyOf('/api/items/7'),
    });
  });

  test('a service must know better', async () => {
    const before = service.heard.length;
    const answer = await ask(lenient.port, '/api/items');
    // the read falls back to the monolith, which may
    expect(answer).toMatchObject({ status: 200, body: bodyOf('/api/items') });
    expect(service.heard.length).toBeGreaterThan(before);
    expect(answer.headers['x-strangler-served-by']).toContain('monolith');
  });
});
