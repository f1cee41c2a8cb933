import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

describe.each(['undici', 'middleware'] as const)('%s', (forwarder) => {
  let monolith: Upstream;
  let facade: RunningFacade;
  let heard: { bytes: number; whole: boolean }[];
  beforeEach(async () => {
    heard = [];
    monolith = await startUpstream('monolith', (request, response) => {
      const one = { bytes: 0, whole: false };
      heard.push(one);
      // the answer begins before the upload has come
      if (request.url === '/early') response.write('early');
      request.on('error', () => {});
      request.on('data', (chunk: Buffer) => (one.bytes += chunk.length));
      request.on('end', () => {
        one.whole = true;
        response.end(`${one.bytes}`);
      });
    });
    facade = await startFacade({
      contexts: [itemsContext('shared', monolith.url, monolith.url)],
      monolithUrl: monolith.url,
      forwarder,
      edge: { bodyLimits: [{ routes: ['items.add'], maxBytes: 10 }, { maxBytes: 200_000 }] },
    });
  });
  afterEach(async () => {
    await facade.stop();
    await monolith.close();
  });
  const refused = () => facade.metric(/^facade_rejected_total\{code="BODY_TOO_LARGE"/);
  const send = (path: string, head: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: shop\r\n${head}\r\n\r\n${body}`;
  const chunked = 'Transfer-Encoding: chunked\r\nConnection: close';

  test('a body within its limit passes, to the byte, however it is framed', async () => {
    expect(
      await ask(facade.port, '/api/items', { method: 'POST', body: '0123456789' }),
    ).toMatchObject({ status: 200, body: '10' });
    const all = await askRaw(
      facade.port,
      send('/api/items', chunked, '5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n'),
    );
    expect(all).toContain('HTTP/1.1 200');
    expect(await refused()).toBe(0);
  });

  test('what announces too much is refused before any upstream hears of it', async () => {
    const answer = await ask(facade.port, '/api/items', { method: 'POST', body: '01234567890' });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect(heard).toEqual([]);
    expect(await refused()).toBe(1);
  });

  test('who asks first is not welcomed, and its connection ends', async () => {
    const answer = await askRaw(
      facade.port,
      send('/api/items', 'Content-Length: 11\r\nExpect: 100-continue', ''),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(heard).toEqual([]);
  });

  test('a body that says no length is cut off where it grows too large, and the upstream never takes it for whole', async () => {
    const answer = await askRaw(
      facade.port,
      send('/api/items', chunked, 'b\r\n01234567890\r\n0\r\n\r\n'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"BODY_TOO_LARGE"');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(heard.filter(({ whole }) => whole)).toEqual([]);
    expect(await refused()).toBe(1);
  });

  test('a client that goes on sending hears why, and the upstream is let go', async () => {
    const socket = net.connect(facade.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.write(send('/', 'Transfer-Encoding: chunked', ''));
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    const more = setInterval(() => socket.write(chunk), 5);
    try {
      await until('the answer', () => answer.includes('"code":"BODY_TOO_LARGE"'));
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(heard).toHaveLength(1);
      expect(heard[0]?.whole).toBe(false);
      await until(
        'the upstream is let go',
        async () => (await facade.metric(/^facade_upstream_requests\{/)) === 0,
      );
    } finally {
      clearInterval(more);
      socket.destroy();
    }
  });

  test('an answer that is under way already is cut off with the upload', async () => {
    const socket = net.connect(facade.port, '127.0.0.1');
    const told = { text: '', closed: false };
    socket.on('data', (chunk) => (told.text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => (told.closed = true));
    socket.write(send('/early', 'Transfer-Encoding: chunked', '1\r\nx\r\n'));
    await until('the answer began', () => told.text.includes('early'));
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    for (let round = 0; round < 4; round++) socket.write(chunk);
    await until('it is cut off', () => told.closed);
    expect(told.text).not.toContain('\r\n0\r\n\r\n');
    expect(heard[0]?.whole).toBe(false);
  });

  test('two framings at once, and a length that is no number, never reach the count', async () => {
    for (const head of [
      'Content-Length: 1\r\nTransfer-Encoding: chunked',
      'Content-Length: 1\r\nContent-Length: 99',
      'Content-Length: 1e9',
      'Content-Length: -1',
    ])
      expect(await askRaw(facade.port, send('/api/items', head, ''))).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard).toEqual([]);
  });
});
