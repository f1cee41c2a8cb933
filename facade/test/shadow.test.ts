import { gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Mask } from '@strangler-toolkit/plan';
import { ask, askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import type { FacadeLimits } from '../src/config/limits.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const json =
  (value: unknown): Handler =>
  (_request, response) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));

let control: TestControl;
let monolith: Upstream;
let service: Upstream;
let facade: RunningFacade;
let monolithAnswers: Handler;
let serviceAnswers: Handler;

beforeAll(async () => {
  monolith = await startUpstream('monolith', (request, response) =>
    monolithAnswers(request, response),
  );
  service = await startUpstream('service', (request, response) =>
    serviceAnswers(request, response),
  );
});
beforeEach(async () => {
  control = await startControl();
  await control.setContext({ stage: 'shadowing', owner: 'monolith', epoch: 1 });
  monolithAnswers = json({ id: 1, name: 'chair', token: 'secret-value' });
  serviceAnswers = json({ id: 1, name: 'chair', token: 'secret-value' });
  facade = await startShadowing();
});
/** Time limits so high that only a hang meets them, where a test does not want to meet one. */
const startShadowing = async (limits: Partial<FacadeLimits> = {}): Promise<RunningFacade> =>
  startFacade({
    ...(await lastKnownFlags({ 'items.list': 0, 'items.list.shadow': 100 })),
    monolithUrl: monolith.url,
    controlUrl: control.url,
    contexts: [
      itemsContext('replicated', monolith.url, service.url, {
        routes: [
          {
            name: 'list',
            method: 'GET',
            path: '/api/items',
            kind: 'read',
            compare: { show: ['/name'], redact: ['/token'] },
          },
        ],
      }),
    ],
    limits: {
      flushMs: 50,
      shadowTimeoutMs: 60_000,
      shadowCatchUpMs: 60_000,
      shadowMaxJobs: 3,
      shadowConcurrency: 1,
      shadowMaxBodyBytes: 10_000,
      ...limits,
    },
  });
const restart = async (limits: Partial<FacadeLimits>): Promise<void> => {
  await facade.stop();
  facade = await startShadowing(limits);
};
afterEach(async () => {
  await facade.stop();
  await control.close();
});
afterAll(async () => {
  await monolith?.close();
  await service?.close();
});

const outcomes = () => control.shadowOutcomes();
const outcome = (name: string, count = 1) =>
  until(`${count} ${name}`, async () => ((await outcomes())[name] ?? 0) >= count);
const read = (headers: Record<string, string> = {}) =>
  ask(facade.port, '/api/items?user=7', { headers });

describe('verdicts', () => {
  test('equal answers match, compressed or not, and the mirrored request says what it is', async () => {
    const body = { id: 1, name: 'chair', token: 'secret-value' };
    serviceAnswers = (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync(JSON.stringify(body)));
    await read({ authorization: 'ann', 'if-none-match': '"x"', 'x-strangler-shadow': '0' });
    await outcome('match');
    expect(service.seen.at(-1)).toMatchObject({
      url: '/api/items?user=7',
      headers: { 'x-strangler-shadow': '1', authorization: 'ann' },
    });
    expect(service.seen.at(-1)?.headers).not.toHaveProperty('if-none-match');
    expect(monolith.seen.at(-1)?.headers).not.toHaveProperty('x-strangler-shadow');
    const forms = () =>
      control.query('SELECT route, answers::int, detail FROM strangler_control.answer_forms');
    await until('the form of the answer is kept', async () => (await forms()).length > 0);
    // Without a value but words that the route shows.
    expect(await forms()).toEqual([
      {
        route: 'list',
        answers: 1,
        detail: {
          method: 'GET',
          query: ['user'],
          signedIn: ['authorization'],
          status: 200,
          contentType: 'application/json',
          body: '{"id":1,"name":"chair","token":"text"}',
        },
      },
    ]);
  });

  test('a lasting difference is a mismatch; its sample is redacted and holds no query value', async () => {
    serviceAnswers = json({ id: 1, name: 'table', token: 'other-secret' });
    const keepPassing = setInterval(() => void control.caughtUp().catch(() => {}), 20);
    await read();
    await outcome('mismatch');
    clearInterval(keepPassing);
    const samples = await until('a sample', async () => {
      const rows = await control.query('SELECT detail FROM strangler_control.shadow_samples');
      return rows.length > 0 && rows;
    });
    expect(samples[0]?.detail).toMatchObject({
      path: '/api/items',
      query: ['user'],
      differences: [
        { path: '/name', reference: 'chair', candidate: 'table' },
        { path: '/token', reference: '(redacted)' },
      ],
    });
    expect(JSON.stringify(samples)).not.toMatch(/secret/);
  });

  test('a replica that was only late is stale, not a mismatch', async () => {
    serviceAnswers = json({ id: 1, name: 'old', token: 'secret-value' });
    await read();
    await until(
      'the owner is asked again',
      () => monolith.seen.at(-1)?.headers['x-strangler-shadow'] === '1',
    );
    serviceAnswers = json({ id: 1, name: 'chair', token: 'secret-value' });
    const keepPassing = setInterval(() => void control.caughtUp().catch(() => {}), 20);
    await outcome('stale');
    clearInterval(keepPassing);
    expect(await outcomes()).toEqual({ stale: 1 });
  });

  test('a difference that cannot be rechecked, because nothing catches up or the owner keeps changing, is uncomparable', async () => {
    await restart({ shadowCatchUpMs: 400 });
    serviceAnswers = json({ other: 1 });
    await read();
    await outcome('uncomparable');
    let n = 0;
    monolithAnswers = (request, response) => json({ n: n++ })(request, response);
    const keepPassing = setInterval(() => void control.caughtUp().catch(() => {}), 20);
    await read();
    await outcome('uncomparable', 2);
    clearInterval(keepPassing);
    expect(await outcomes()).toEqual({ uncomparable: 2 });
  });
});

describe('pages and owners that change', () => {
  const page: Handler = (_request, response) => {
    response.setHeader('content-type', 'text/html');
    const token = Math.random().toString(36).slice(2);
    response.end(`<form><input type="hidden" name="csrf_token" value="${token}">Name</form>`);
  };
  const startMasked = async (masks: Mask[]): Promise<void> => {
    await facade.stop();
    const listing = { name: 'list', method: 'GET', path: '/api/items', kind: 'read' } as const;
    facade = await startFacade({
      ...(await lastKnownFlags({ 'items.list': 0, 'items.list.shadow': 100 })),
      monolithUrl: monolith.url,
      controlUrl: control.url,
      contexts: [
        itemsContext('replicated', monolith.url, service.url, {
          routes: [{ ...listing, compare: { masks } }],
        }),
      ],
      limits: { flushMs: 50, shadowCatchUpMs: 400 },
    });
    await until('the owner is known', async () => (await facade.readiness()).contexts.items?.known);
  };

  test('a page with a token in its form proposes the mask with which it passes', async () => {
    monolithAnswers = page;
    serviceAnswers = page;
    await startMasked([]);
    const keepPassing = setInterval(() => void control.caughtUp().catch(() => {}), 20);
    await read();
    await outcome('uncomparable');
    clearInterval(keepPassing);
    const [sample] = await until('a sample', async () => {
      const rows = await control.query('SELECT detail FROM strangler_control.shadow_samples');
      return rows.length > 0 && rows;
    });
    const reason = 'the monolith answers something else here each time';
    const masks: Mask[] = [{ preset: 'csrf', reason }];
    expect(sample?.detail).toMatchObject({ propose: { masks } });
    await startMasked(masks);
    await read();
    await outcome('match');
    expect(await outcomes()).toEqual({ uncomparable: 1, match: 1 });
  });

  test('a verdict that began before the owner changed counts for neither epoch', async () => {
    let answer = (): void => {};
    serviceAnswers = (request, response) => {
      answer = () => json({ id: 1, name: 'chair', token: 'secret-value' })(request, response);
    };
    await startMasked([]);
    const before = service.seen.length;
    await read();
    await until('the service is asked', () => service.seen.length > before);
    await control.setContext({ stage: 'canary', owner: 'service', epoch: 2 });
    await until(
      'the facade knows',
      async () => (await facade.readiness()).contexts.items?.epoch === '2',
    );
    answer();
    await outcome('dropped');
    expect(await outcomes()).toEqual({ dropped: 1 });
  });
});

describe('reads that ask by POST', () => {
  const echo: Handler = (request, response) => {
    let asked = '';
    request.on('data', (chunk) => (asked += String(chunk)));
    request.on('end', () =>
      json({ asked: asked.length, first: asked.slice(0, 20) })(request, response),
    );
  };
  const startAsking = async (rollouts: Record<string, number>): Promise<void> => {
    await facade.stop();
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
    facade = await startFacade({
      ...(await lastKnownFlags(rollouts)),
      monolithUrl: monolith.url,
      controlUrl: control.url,
      contexts: [
        itemsContext('none', monolith.url, service.url, {
          routes: [
            { name: 'ask', method: 'POST', path: '/api/ask', kind: 'read', timeoutMs: 30_000 },
          ],
        }),
      ],
      limits: { flushMs: 50, shadowConcurrency: 1 },
    });
  };
  const post = (body: string) =>
    ask(facade.port, '/api/ask', {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) },
      body,
    });

  test('a small body reaches the owner and, mirrored, the service, whole', async () => {
    monolithAnswers = echo;
    serviceAnswers = echo;
    await startAsking({ 'items.ask': 0, 'items.ask.shadow': 100 });
    expect(JSON.parse((await post('x'.repeat(60_000))).body)).toMatchObject({ asked: 60_000 });
    await outcome('match');
    expect(service.seen.at(-1)).toMatchObject({
      method: 'POST',
      headers: { 'x-strangler-shadow': '1', 'content-length': '60000' },
    });
  });

  test('when the service is dead the kept body is asked of the monolith', async () => {
    monolithAnswers = echo;
    serviceAnswers = (_request, response) => void response.destroy();
    await startAsking({ 'items.ask': 100 });
    expect(JSON.parse((await post('what does it cost?')).body)).toEqual({
      asked: 18,
      first: 'what does it cost?',
    });
  });

  test('a client that announces a body and never sends it does not hold a request for ever', async () => {
    monolithAnswers = echo;
    await startAsking({ 'items.ask': 0 });
    await facade.stop();
    facade = await startFacade({
      ...(await lastKnownFlags({ 'items.ask': 0 })),
      monolithUrl: monolith.url,
      controlUrl: control.url,
      contexts: [
        itemsContext('none', monolith.url, service.url, {
          routes: [{ name: 'ask', method: 'POST', path: '/api/ask', kind: 'read' }],
        }),
      ],
      limits: { flushMs: 50, timeoutMs: 300 },
    });
    expect(
      await askRaw(
        facade.port,
        'POST /api/ask HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nonly this',
      ),
    ).toBe('');
  });

  test('a body too large to keep streams through, once', async () => {
    monolithAnswers = echo;
    serviceAnswers = echo;
    await startAsking({ 'items.ask': 0, 'items.ask.shadow': 100 });
    const [owner, other] = [monolith.seen.length, service.seen.length];
    expect(JSON.parse((await post('y'.repeat(200_000))).body)).toMatchObject({ asked: 200_000 });
    // mirrored one after the other: when the shadow of a small one has come, one of the large one would have
    await post('small');
    await outcome('match');
    const lengths = ({ seen }: Upstream, from: number) =>
      seen.slice(from).map(({ headers }) => headers['content-length']);
    expect(lengths(monolith, owner)).toEqual(['200000', '5']);
    expect(lengths(service, other)).toEqual(['5']);
    expect(await outcomes()).toEqual({ match: 1 });
  });
});

describe('P1 the client never depends on the shadow', () => {
  const served = async (times: number): Promise<void> => {
    for (let round = 0; round < times; round++)
      expect(JSON.parse((await read()).body).name).toBe('chair');
  };

  test('a service that hangs: the shadow times out', async () => {
    await restart({ shadowTimeoutMs: 400 });
    serviceAnswers = () => {};
    await served(1);
    await outcome('candidate-timeout');
    expect(await outcomes()).toEqual({ 'candidate-timeout': 1 });
  });

  test('while a service hangs all answers come, and what does not fit is dropped and counted', async () => {
    const release: (() => void)[] = [];
    serviceAnswers = (request, response) =>
      void release.push(() =>
        json({ id: 1, name: 'chair', token: 'secret-value' })(request, response),
      );
    await served(1);
    await until('the service has a shadow', () => release.length === 1);
    // nothing of the service's has come yet, nor will it before these have their answers
    await served(19);
    expect(release).toHaveLength(1);
    serviceAnswers = json({ id: 1, name: 'chair', token: 'secret-value' });
    release[0]?.();
    // one ran, three waited, there was no room for the rest
    await outcome('match', 4);
    await outcome('dropped', 16);
    expect(await outcomes()).toEqual({ match: 4, dropped: 16 });
  });

  test('a service that crashes in mid-answer, or answers 500', async () => {
    serviceAnswers = (request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x');
      setTimeout(() => request.socket.destroy(), 5);
    };
    await served(1);
    await outcome('candidate-error');
    serviceAnswers = (_request, response) => void response.writeHead(500).end();
    const keepPassing = setInterval(() => void control.caughtUp().catch(() => {}), 20);
    await served(1);
    await outcome('candidate-error', 2);
    clearInterval(keepPassing);
  });

  test('an endless answer, a compression bomb and a broken encoding are cut off', async () => {
    serviceAnswers = (_request, response) => {
      const block = Buffer.alloc(64 * 1024);
      const push = (): void => {
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', push);
      push();
    };
    await served(1);
    await outcome('uncomparable', 1);
    serviceAnswers = (_request, response) =>
      void response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' })
        .end(gzipSync(Buffer.alloc(5_000_000)));
    await served(1);
    await outcome('uncomparable', 2);
    serviceAnswers = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip');
    await served(1);
    await outcome('uncomparable', 3);
  });

  test('a control database that is gone costs the client nothing, and the counts arrive later', async () => {
    await control.query(`ALTER TABLE strangler_control.shadow_counts RENAME TO elsewhere`);
    await served(3);
    await until(
      'three comparisons',
      async () => (await facade.metric(/^facade_shadow_total\{.*outcome="match"/)) === 3,
    );
    await control.query(`ALTER TABLE strangler_control.elsewhere RENAME TO shadow_counts`);
    await outcome('match', 3);
    expect(await outcomes()).toEqual({ match: 3 });
  });
});
