import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, until } from '@strangler-toolkit/dev-stack';
import { ask, askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { type OddMonolith, startOddMonolith } from './support/odd-monolith.ts';

describe.each(['undici', 'middleware'] as const)('through %s', (forwarder) => {
  let monolith: OddMonolith;
  let facade: RunningFacade;

  beforeAll(async () => {
    monolith = await startOddMonolith();
    const dead = `http://127.0.0.1:${await freePort()}`;
    facade = await startFacade({
      forwarder,
      contexts: [
        itemsContext('none', dead, dead, {
          routes: [{ name: 'dead', method: 'GET', path: '/dead', kind: 'read' }],
          monolith: { url: dead },
        }),
        {
          ...itemsContext('none', monolith.url, dead),
          context: 'slow',
          routes: [{ name: 'drip', method: 'GET', path: '/drip', kind: 'read', timeoutMs: 400 }],
        },
      ],
      monolithUrl: monolith.url,
      limits: { wireTimeoutMs: 1_500 },
    });
  });
  afterAll(async () => {
    await facade?.stop();
    await monolith?.close();
  });

  describe('headers', () => {
    test('hop-by-hop request headers stay here, and Connection cannot strip what the facade says', async () => {
      const text = await askRaw(
        facade.port,
        [
          'GET /h HTTP/1.1',
          'Host: shop',
          'Connection: close, X-Drop, X-Forwarded-For, X-Request-Id',
          'X-Drop: 1',
          'TE: trailers',
          'Proxy-Authorization: x',
          'X-Forwarded-For: 6.6.6.6',
          'X-Request-Id: mine',
          'X-Strangler-Shadow: 1',
          'Forwarded: for=6.6.6.6',
          '',
          '',
        ].join('\r\n'),
      );
      const { headers } = JSON.parse(/\{.*\}/s.exec(text)?.[0] ?? '{}');
      expect(headers).toMatchObject({
        host: 'shop',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-host': 'shop',
        'x-forwarded-proto': 'http',
      });
      for (const name of ['x-drop', 'te', 'proxy-authorization', 'x-strangler-shadow', 'forwarded'])
        expect(headers).not.toHaveProperty(name);
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    });
    test('a trace is continued, a broken one replaced', async () => {
      const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const continued = JSON.parse(
        (await ask(facade.port, '/t', { headers: { traceparent: trace } })).body,
      ).headers.traceparent;
      expect(continued).toMatch(
        /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
      );
      expect(
        JSON.parse((await ask(facade.port, '/t', { headers: { traceparent: 'junk' } })).body)
          .headers.traceparent,
      ).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    });
    test('answers keep repeated cookies, case and reason, and lose what belongs to the upstream connection', async () => {
      const agent = new http.Agent({ keepAlive: true });
      const answer = await ask(facade.port, '/headers', { agent });
      agent.destroy();
      expect(answer.headers['set-cookie']).toEqual(['a=1; Domain=shop.example', 'b=2']);
      expect(answer.raw).toContain('X-CaSe');
      expect(answer.raw).not.toContain('X-Secret');
      expect(answer.headers).not.toHaveProperty('proxy-authenticate');
      expect(answer.headers.connection).toBe('keep-alive');
    });
    test('HEAD, 204 and 304 pass without a body', async () => {
      const head = await ask(facade.port, '/length', { method: 'HEAD' });
      expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '5', '']);
      expect([
        (await ask(facade.port, '/empty')).status,
        (await ask(facade.port, '/same')).status,
        (await ask(facade.port, '/same')).headers.etag,
      ]).toEqual([204, 304, '"1"']);
    });
  });

  describe('bodies', () => {
    const upload = async (path: string, chunks: number, headers: http.OutgoingHttpHeaders = {}) => {
      const outgoing = http.request({
        host: '127.0.0.1',
        port: facade.port,
        path,
        method: 'POST',
        agent: false,
        headers,
      });
      outgoing.on('error', () => {});
      outgoing.setMaxListeners(0);
      const response = once(outgoing, 'response') as Promise<[http.IncomingMessage]>;
      const hash = createHash('sha256');
      const block = Buffer.alloc(1024 * 1024, 'x');
      for (let index = 0; index < chunks; index++) {
        hash.update(block);
        if (!outgoing.write(block))
          await Promise.race([once(outgoing, 'drain'), response, once(outgoing, 'close')]);
      }
      outgoing.end();
      const [answer] = await response;
      let body = '';
      for await (const chunk of answer) body += String(chunk);
      return { status: answer.statusCode, body, hash: hash.digest('hex') };
    };
    test('100 MB stream through, chunked or with a length', async () => {
      const before = process.memoryUsage().rss;
      const chunked = await upload('/upload', 100);
      expect(chunked.body).toBe(`104857600 ${chunked.hash} chunked`);
      const sized = await upload('/upload', 2, { 'content-length': String(2 * 1024 * 1024) });
      expect(sized.body).toBe(`2097152 ${sized.hash} 2097152`);
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    });
    test('an early 413 in mid-upload arrives as a 413, ten times out of ten', async () => {
      for (let round = 0; round < 10; round++)
        expect(await upload('/too-large', 20)).toMatchObject({ status: 413, body: 'too large' });
    });
    test('Expect: 100-continue is answered here and not passed on', async () => {
      const outgoing = http.request({
        host: '127.0.0.1',
        port: facade.port,
        path: '/expect',
        method: 'POST',
        agent: false,
        headers: { expect: '100-continue' },
      });
      outgoing.flushHeaders();
      await once(outgoing, 'continue');
      outgoing.end('body');
      const [answer] = (await once(outgoing, 'response')) as [http.IncomingMessage];
      let body = '';
      for await (const chunk of answer) body += String(chunk);
      expect(JSON.parse(body).headers).not.toHaveProperty('expect');
    });
    test('a chunked DELETE cannot smuggle a second request', async () => {
      const before = monolith.seen.length;
      const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
      await askRaw(
        facade.port,
        [
          'DELETE /victim HTTP/1.1',
          'Host: a',
          'Connection: close, transfer-encoding',
          'Transfer-Encoding: chunked',
          '',
          smuggled.length.toString(16),
          smuggled,
          '0',
          '',
          '',
        ].join('\r\n'),
      );
      expect(monolith.seen.slice(before).map((seen) => seen.url)).toEqual(['/victim']);
    });
    test('a truncated answer cuts the client off instead of ending cleanly', async () => {
      await expect(ask(facade.port, '/truncated')).rejects.toThrow();
      await expect(ask(facade.port, '/truncated-chunks')).rejects.toThrow();
    });
    test('a client that goes away cancels the upstream request', async () => {
      const before = monolith.happened.cancelled;
      const controller = new AbortController();
      const seen = monolith.seen.length;
      const pending = ask(facade.port, '/never', { signal: controller.signal }).catch(() => {});
      await until('the upstream has the request', () => monolith.seen.length > seen);
      controller.abort();
      await pending;
      await until('the upstream notices', () => monolith.happened.cancelled > before);
    });
    test('an event stream arrives event by event, and its headers before the first', async () => {
      const outgoing = http.get({
        host: '127.0.0.1',
        port: facade.port,
        path: '/events',
        agent: false,
      });
      // nothing is sent before the client has the headers, and no event before it has the last one
      const [answer] = (await once(outgoing, 'response')) as [http.IncomingMessage];
      expect(answer.headers['content-type']).toBe('text/event-stream');
      for (const event of ['one', 'two', 'three']) {
        const chunk = once(answer, 'data');
        monolith.event(event);
        expect(String((await chunk)[0])).toBe(`data: ${event}\n\n`);
      }
      outgoing.destroy();
    });
  });

  describe('upstreams that fail', () => {
    test('unreachable is 502, silent is 504, both as problems', async () => {
      const dead = await ask(facade.port, '/dead');
      expect([dead.status, JSON.parse(dead.body).code]).toEqual([502, 'UPSTREAM_UNREACHABLE']);
      const silent = await ask(facade.port, '/never');
      expect([silent.status, JSON.parse(silent.body).code]).toEqual([504, 'UPSTREAM_TIMEOUT']);
    });
    test("a dripping answer ends at the route's total time", async () => {
      // it moves for ever: neither its own end nor silence would end it
      await expect(ask(facade.port, '/drip')).rejects.toThrow();
    });
    test('a stale keep-alive connection is no error for a read', async () => {
      const closing = net
        .createServer((socket) => {
          let requests = 0;
          socket.on('error', () => {});
          socket.on('data', () => {
            // the second request on a connection meets a server that is just closing
            if (requests++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
            else socket.resetAndDestroy();
          });
        })
        .listen(0, '127.0.0.1');
      await once(closing, 'listening');
      const address = closing.address();
      const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
      const other = await startFacade({ contexts: [], monolithUrl: url, forwarder });
      for (let round = 0; round < 6; round++) expect((await ask(other.port, '/')).body).toBe('ok');
      expect(await other.metric(/^facade_stale_connection_retries_total/)).toBeGreaterThan(0);
      await other.stop();
      closing.close();
    });
  });
});
