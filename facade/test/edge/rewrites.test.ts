import { gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { EdgeSettings } from '../../src/edge/edge-schema.ts';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const says =
  (text: string | Buffer, headers: Record<string, string> = {}): Handler =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
/** Says what it was sent. */
const echoes: Handler = (_request, response, body) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(body);

const edge: EdgeSettings = {
  rewrites: [
    {
      routes: ['items'],
      side: 'monolith',
      request: { renameFields: { '/priceCents': 'price_cents' }, setHeaders: { 'X-Api': '1' } },
      answer: {
        renameFields: { '/price_cents': 'priceCents' },
        setHeaders: { 'X-Frame-Options': 'DENY' },
        removeHeaders: ['Server', 'x-powered-by'],
      },
      maxBytes: 1_000,
    },
  ],
};

describe.each(['undici', 'middleware'] as const)('%s', (forwarder) => {
  let monolith: Upstream;
  let service: Upstream;
  let facade: RunningFacade;
  let monolithAnswers: Handler;
  let serviceAnswers: Handler;
  beforeEach(async () => {
    monolithAnswers = echoes;
    serviceAnswers = echoes;
    const start = (name: string, answers: () => Handler) =>
      startUpstream(name, (request, response) => {
        let body = '';
        request.on('error', () => {});
        request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
        request.on('end', () => answers()(request, response, body));
      });
    monolith = await start('monolith', () => monolithAnswers);
    service = await start('service', () => serviceAnswers);
    await serve(edge);
  });
  const serve = async (rules: EdgeSettings, shadow = false): Promise<void> => {
    await facade?.stop();
    facade = await startFacade({
      contexts: [itemsContext('shared', monolith.url, service.url)],
      monolithUrl: monolith.url,
      forwarder,
      edge: rules,
      fixedFlags: { 'items.list.shadow': shadow, 'items.one': true },
    });
  };
  afterEach(async () => {
    await facade.stop();
    await monolith.close();
    await service.close();
  });
  const outcomes = (message: string, outcome: string) =>
    facade.metric(
      new RegExp(`^facade_edge_rewrites_total\\{message="${message}",outcome="${outcome}"`),
    );
  const post = (body: string, headers: Record<string, string> = {}) =>
    ask(facade.port, '/api/items', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

  test('fields and headers get other names both ways, and everything else stays as it was written', async () => {
    monolithAnswers = (request, response, body) => {
      response.setHeader('X-Powered-By', 'PHP/5.3');
      response.setHeader('x-heard', body);
      says('{"z":1.0, "price_cents":12345678901234567890,"a":"\\u00e9"}')(request, response, body);
    };
    const answer = await post('{"b":1e400,"priceCents":00.5}'.replace('00.5', '0.50'));
    expect(answer.headers['x-heard']).toBe('{"b":1e400,"price_cents":0.50}');
    expect(answer.body).toBe('{"z":1.0, "priceCents":12345678901234567890,"a":"\\u00e9"}');
    expect(answer.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'content-length': String(answer.body.length),
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(monolith.seen[0]?.headers).toMatchObject({ 'x-api': '1', 'content-length': '30' });
    expect([await outcomes('request', 'renamed'), await outcomes('answer', 'renamed')]).toEqual([
      1, 1,
    ]);
  });

  test('a body that says no length is renamed and gets one', async () => {
    const answer = await askRaw(
      facade.port,
      'POST /api/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n8\r\n{"priceC\r\n9\r\nents": 7}\r\n0\r\n\r\n',
    );
    expect(answer.split('\r\n\r\n')[1]).toBe('{"priceCents": 7}');
    expect(monolith.seen[0]?.headers).toMatchObject({ 'content-length': '18' });
    expect(monolith.seen[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  test('a body without a length that passes as it is stays the body of its request', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await askRaw(
      facade.port,
      'GET /api/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n' +
        `Transfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    expect(answer).toContain(smuggled);
    await ask(facade.port, '/api/items');
    expect(monolith.seen.map(({ url }) => url)).toEqual(['/api/items', '/api/items']);
    expect(monolith.seen[0]?.headers).toMatchObject({ 'content-length': String(smuggled.length) });
  });

  test('one side has its rules, the other none; what nobody claims none', async () => {
    serviceAnswers = says('{"price_cents":1}');
    monolithAnswers = serviceAnswers;
    expect((await ask(facade.port, '/api/items/7')).body).toBe('{"price_cents":1}');
    expect((await ask(facade.port, '/api/items')).body).toBe('{"priceCents":1}');
    expect((await ask(facade.port, '/other')).body).toBe('{"price_cents":1}');
  });

  test('parity is judged on what clients see', async () => {
    await serve(edge, true);
    monolithAnswers = says('{"price_cents":1}');
    serviceAnswers = says('{"priceCents":1}');
    await ask(facade.port, '/api/items');
    const compared = (outcome: string) =>
      facade.metric(new RegExp(`^facade_shadow_total.*outcome="${outcome}"`));
    await until('a match', async () => (await compared('match')) === 1);
    serviceAnswers = says('{"price_cents":1}');
    await ask(facade.port, '/api/items');
    await until('a mismatch', async () => (await compared('mismatch')) === 1);
    expect(service.seen[0]?.headers).not.toHaveProperty('x-api');
  });

  test('tags, digests and conditions are those of what clients have', async () => {
    monolithAnswers = (request, response, body) =>
      request.headers['if-none-match'] === '"7"' && request.headers['if-match'] === undefined
        ? void response.writeHead(304, { etag: '"7"' }).end()
        : says('{"price_cents":1}', {
            etag: '"7"',
            'content-md5': 'x',
            digest: 'sha-256=x',
            'accept-ranges': 'bytes',
          })(request, response, body);
    const first = await ask(facade.port, '/api/items', {
      headers: { range: 'bytes=0-3', 'accept-encoding': 'gzip' },
    });
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^"7~[0-9a-f]{8}"$/);
    for (const name of ['content-md5', 'digest', 'accept-ranges'])
      expect(first.headers).not.toHaveProperty(name);
    expect(monolith.seen[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(monolith.seen[0]?.headers).not.toHaveProperty('range');
    const again = await ask(facade.port, '/api/items', { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.etag]).toEqual([304, etag]);
    // other rules, other names: what a client has of them is no answer
    const older = '"7~00000000"';
    expect(
      (await ask(facade.port, '/api/items', { headers: { 'if-none-match': older } })).status,
    ).toBe(200);
    await post('{}', { 'if-match': etag });
    expect(monolith.seen.at(-1)?.headers).toMatchObject({ 'if-match': '"7"' });
    const head = await ask(facade.port, '/api/items', { method: 'HEAD' });
    expect([head.headers.etag, head.headers['content-length']]).toEqual([etag, undefined]);
  });

  test('who has an answer of before the rules gets the whole: by its tag or its date it would keep the old names', async () => {
    monolithAnswers = (request, response, body) => {
      const { headers } = request;
      return headers['if-none-match'] === '"7"' || headers['if-modified-since'] !== undefined
        ? void response.writeHead(304, { etag: '"7"' }).end()
        : says('{"price_cents":1}', {
            etag: '"7"',
            'last-modified': 'Sun, 29 Nov 2026 00:00:00 GMT',
          })(request, response, body);
    };
    for (const headers of [
      { 'if-modified-since': 'Sun, 29 Nov 2026 00:00:00 GMT' },
      { 'if-none-match': '"7"', 'if-modified-since': 'Sun, 29 Nov 2026 00:00:00 GMT' },
    ]) {
      const answer = await ask(facade.port, '/api/items', { headers });
      expect([answer.status, answer.body]).toEqual([200, '{"priceCents":1}']);
      // nor will it be asked by it when the rules are gone
      expect(answer.headers).not.toHaveProperty('last-modified');
    }
  });

  test('a handshake of a WebSocket, and its answer, have the headers of the rules', async () => {
    monolithAnswers = (request, response, body) => {
      response.setHeader('X-Powered-By', 'PHP/5.3');
      says('{}')(request, response, body);
    };
    const answer = await askRaw(
      facade.port,
      'GET /api/items HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(monolith.seen[0]?.headers).toMatchObject({ 'x-api': '1', upgrade: 'websocket' });
    expect(answer).toMatch(/^HTTP\/1.1 200 .*\r\nX-Frame-Options: DENY\r\n/s);
    expect(answer).not.toContain('PHP');
    monolith.server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Powered-By: PHP\r\n\r\n',
      );
    });
    const agreed = await askRaw(
      facade.port,
      'GET /api/items HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(agreed).toMatch(/^HTTP\/1.1 101 .*\r\nX-Frame-Options: DENY\r\n/s);
    expect(agreed).not.toContain('PHP');
  });

  test('a shadow is asked with the other names too where the request was compressed', async () => {
    await serve(
      {
        rewrites: [
          { routes: ['items'], side: 'service', request: { renameFields: { '/q': 'query' } } },
        ],
      },
      true,
    );
    const heard = new Array<[string | undefined, string]>();
    monolithAnswers = says('{}');
    serviceAnswers = (request, response, body) => {
      heard.push([request.headers['content-encoding'], body]);
      says('{}')(request, response, body);
    };
    const body = gzipSync('{"q":1}');
    await askRaw(
      facade.port,
      Buffer.concat([
        Buffer.from(
          'GET /api/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n' +
            `Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
        ),
        body,
      ]),
    );
    await until('the shadow', async () => heard.length > 0);
    expect(heard[0]).toEqual([undefined, '{"query":1}']);
  });

  test('what is compressed all the same is unpacked, and a bomb passes as it came', async () => {
    monolithAnswers = says(gzipSync('{"price_cents":1}'), { 'content-encoding': 'gzip' });
    const answer = await ask(facade.port, '/api/items');
    expect(answer.body).toBe('{"priceCents":1}');
    expect(answer.headers).not.toHaveProperty('content-encoding');
    const bomb = gzipSync(`{"price_cents":"${' '.repeat(300_000)}"}`);
    expect(bomb.length).toBeLessThan(1_000);
    monolithAnswers = says(bomb, { 'content-encoding': 'gzip' });
    const passed = await ask(facade.port, '/api/items');
    expect([passed.status, passed.headers['content-encoding']]).toEqual([200, 'gzip']);
    expect(await outcomes('answer', 'too-large')).toBe(1);
    monolithAnswers = says('{"price_cents":1}', { 'content-encoding': 'gzip' });
    expect((await ask(facade.port, '/api/items')).body).toBe('{"price_cents":1}');
    expect(await outcomes('answer', 'encoding')).toBe(1);
  });

  test('what cannot be renamed passes to the byte, and is counted with the reason', async () => {
    const large = `{"price_cents":"${'x'.repeat(400_000)}"}`;
    for (const [text, outcome] of [
      ['{"price_cents":1,"priceCents":2}', 'collision'],
      ['{"price_cents":1', 'not-json'],
      [large, 'too-large'],
    ] as const) {
      monolithAnswers = says(text, { 'x-powered-by': 'PHP' });
      const answer = await ask(facade.port, '/api/items');
      expect(answer.body === text).toBe(true);
      expect(answer.headers).not.toHaveProperty('x-powered-by');
      expect(await outcomes('answer', outcome)).toBe(1);
    }
    monolithAnswers = echoes;
    const sent = `{"priceCents":"${'x'.repeat(2_000)}"}`;
    expect((await post(sent)).body === sent).toBe(true);
    expect(await outcomes('request', 'too-large')).toBe(1);
  });

  test('or is refused where the rules say so: a request before its upstream hears of it', async () => {
    const rules = edge.rewrites?.map((rule) => ({ ...rule, otherwise: 'refuse' as const }));
    await serve({ rewrites: rules });
    const code = ({ status, body }: { status: number; body: string }): unknown => [
      status,
      JSON.parse(body).code,
    ];
    expect(code(await post('{"priceCents":1,"price_cents":2}'))).toEqual([
      422,
      'BODY_NOT_REWRITABLE',
    ]);
    expect(code(await post(`{"priceCents":"${'x'.repeat(2_000)}"}`))).toEqual([
      413,
      'BODY_NOT_REWRITABLE',
    ]);
    expect(monolith.seen).toEqual([]);
    monolithAnswers = says('{"price_cents":1,"priceCents":2}');
    expect(code(await ask(facade.port, '/api/items'))).toEqual([502, 'ANSWER_NOT_REWRITABLE']);
    monolithAnswers = says('<html>', { 'content-type': 'text/html' });
    expect((await ask(facade.port, '/api/items')).body).toBe('<html>');
  });

  test('an answer that breaks off is never taken for one', async () => {
    monolithAnswers = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' });
      response.write('{"price_cents":');
      setImmediate(() => response.destroy());
    };
    // the library of the other one cuts the client off itself
    const asked = ask(facade.port, '/api/items');
    if (forwarder === 'undici') expect((await asked).status).toBe(502);
    else await expect(asked).rejects.toThrow('socket hang up');
  });
});
