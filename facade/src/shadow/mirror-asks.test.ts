import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type UpstreamAgents, upstreamAgents } from '../resilience/upstream-agents.ts';
import { compileRoutes } from '@strangler-toolkit/plan';
import type { Verdict } from './judge.ts';
import { Mirror, type MirroredRead } from './mirror.ts';

interface Heard {
  readonly side: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
const heard: Heard[] = [];
let answers: { owner: RequestListener; other: RequestListener };
const servers: Server[] = [];
const urls: Record<string, string> = {};
let agents: UpstreamAgents;

async function serve(side: 'owner' | 'other'): Promise<void> {
  const hear: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request;
    let body = '';
    request
      .on('data', (chunk: Buffer) => (body += String(chunk)))
      .on('end', () => {
        heard.push({ side, method, url, headers, body });
        answers[side](request, response);
      });
  };
  const server = createServer(hear).listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  urls[side] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
beforeAll(async () => {
  agents = upstreamAgents();
  await serve('owner');
  await serve('other');
});
afterAll(() => {
  agents.destroy();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

const json =
  (value: unknown, status = 200): RequestListener =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(value));
const route = compileRoutes([
  {
    context: 'items',
    data: 'none',
    monolith: { url: 'http://127.0.0.1:9' },
    service: { url: 'http://127.0.0.1:9' },
    routes: [{ name: 'list', method: 'GET', path: '/items', kind: 'read' }],
  },
]).routes[0]!;

let verdicts: Verdict[];
let asked: unknown[];
let crashes: unknown[];
let caughtUp: boolean;
let mirror: Mirror;
let noteFails: boolean;
let known: boolean;
const limits = {
  maxJobs: 2,
  maxBytes: 10_000,
  maxBodyBytes: 100,
  concurrency: 1,
  timeoutMs: 30_000,
  catchUpMs: 77,
};
beforeEach(() => {
  [heard.length, verdicts, asked, crashes] = [0, [], [], []];
  [caughtUp, noteFails, known] = [true, false, true];
  answers = { owner: json({ a: 1 }), other: json({ a: 1 }) };
  mirror = new Mirror({
    agents,
    limits,
    caughtUp: (context, withinMs) => {
      asked.push([context, withinMs]);
      return Promise.resolve(caughtUp);
    },
    serves: () => known,
    note: (_read, verdict) => {
      verdicts.push(verdict);
      if (noteFails) throw new Error('cannot note');
    },
    onCrash: (error) => crashes.push(error),
  });
});
afterEach(() => mirror.close());

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
const contentType = { 'content-type': 'application/json' };

/** A client gets an answer of the owner; what comes of its shadow is noted before this ends. */
async function served(given: Answer = {}, read: Partial<MirroredRead> = {}): Promise<boolean> {
  const { status = 200, headers = contentType, body = '{"a":1}' } = given;
  const before = verdicts.length;
  const watcher = mirror.watch(
    {
      route,
      method: 'GET',
      target: { path: '/items', search: '?page=2' },
      headers: { authorization: 'ann' },
      reference: urls.owner ?? '',
      candidate: urls.other ?? '',
      served: 'monolith',
      epoch: 1n,
      replicated: false,
      ...read,
    },
    { status, headers },
  );
  for (const piece of body.match(/.{1,3}/g) ?? []) watcher?.chunk(Buffer.from(piece));
  watcher?.end(true);
  while (verdicts.length === before) await new Promise((resolve) => setImmediate(resolve));
  return watcher !== undefined;
}
const outcomes = () => verdicts.map(({ outcome }) => outcome);
const sides = () => heard.map(({ side }) => side);

describe('a mirrored read', () => {
  test('of a route that the context files have no more, or in another form, is not asked for', async () => {
    known = false;
    await served();
    expect(outcomes()).toEqual(['dropped']);
    expect(heard).toEqual([]);
  });

  test('asks the other side what the client asked, as a shadow, and compares', async () => {
    await served();
    expect(outcomes()).toEqual(['match']);
    expect(heard).toMatchObject([
      {
        side: 'other',
        method: 'GET',
        url: '/items?page=2',
        headers: { authorization: 'ann', 'x-strangler-shadow': '1' },
      },
    ]);
    expect(asked).toEqual([]);
  });

  test('leaves out conditions, ranges and the framing of a body that was', async () => {
    await served(
      {},
      {
        headers: {
          'if-none-match': '"1"',
          'if-modified-since': 'x',
          range: 'bytes=0-1',
          'content-length': '3',
          'transfer-encoding': 'chunked',
          'x-if-any': 'kept',
          'accept-ranges': 'kept',
          'content-language': 'kept',
        },
      },
    );
    const { headers } = heard[0]!;
    for (const name of ['if-none-match', 'if-modified-since', 'range', 'transfer-encoding'])
      expect(headers).not.toHaveProperty(name);
    expect(headers['content-length'] ?? '0').toBe('0');
    for (const name of ['x-if-any', 'accept-ranges', 'content-language'])
      expect(headers[name]).toBe('kept');
  });

  test('that asked by POST asks with the same body', async () => {
    await served({}, { method: 'POST', body: Buffer.from('a question') });
    expect(heard).toMatchObject([
      { method: 'POST', body: 'a question', headers: { 'content-length': '10' } },
    ]);
  });

  test('of replicated data waits until the other side has caught up, and asks again', async () => {
    answers.other = json({ a: 2 });
    await served({}, { replicated: true });
    expect(outcomes()).toEqual(['mismatch']);
    expect(asked).toEqual([['items', 77]]);
    expect(sides()).toEqual(['other', 'owner', 'other', 'owner']);
    caughtUp = false;
    await served({}, { replicated: true });
    expect(outcomes()).toEqual(['mismatch', 'uncomparable']);
  });

  test.each([304, 206])(
    'that the client got a %d for is asked of both sides anew',
    async (status) => {
      await served({ status, body: '' });
      expect([outcomes(), sides()]).toEqual([['match'], ['owner', 'other', 'owner']]);
    },
  );

  test('whose answer cannot be unpacked is asked of both sides anew', async () => {
    await served({ headers: { ...contentType, 'content-encoding': 'zstd' } });
    expect([outcomes(), sides()]).toEqual([['match'], ['owner', 'other', 'owner']]);
  });

  test('an owner who never says the same is not held against the other side', async () => {
    let n = 0;
    answers.owner = (request, response) => json({ n: n++ })(request, response);
    answers.other = json({ n: -1 });
    await served();
    expect(outcomes()).toEqual(['uncomparable']);
    expect(sides().filter((side) => side === 'owner')).toHaveLength(6);
  });
});

describe('nothing is mirrored, and that is noted', () => {
  test.each<[string, Answer, string]>([
    ['of a server error', { status: 500 }, 'the client got a server error'],
    ['of a worse one', { status: 503 }, 'the client got a server error'],
    [
      'of an event stream',
      { headers: { 'content-type': 'Text/Event-Stream; x' } },
      'an event stream',
    ],
  ])('%s', async (_what, answer, cause) => {
    expect(await served(answer)).toBe(false);
    expect([verdicts, heard]).toEqual([[{ outcome: 'uncomparable', differences: [], cause }], []]);
  });

  test('of an answer that is too large, and only of that', async () => {
    await served({ body: 'x'.repeat(101) });
    expect(verdicts).toMatchObject([{ outcome: 'uncomparable', cause: 'more than 100 bytes' }]);
    expect(heard).toEqual([]);
    answers.other = json('x'.repeat(98));
    await served({ body: JSON.stringify('x'.repeat(98)) });
    expect(outcomes()).toEqual(['uncomparable', 'match']);
  });

  test('of what came when no more fits: dropped', async () => {
    let release = (): void => {};
    const reached = new Promise<void>((resolve) => {
      answers.other = (request, response) => {
        release = () => json({ a: 1 })(request, response);
        resolve();
      };
    });
    const first = served();
    await reached;
    answers.other = json({ a: 1 });
    const waiting = [served(), served()];
    while (mirror.waiting < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await served()).toBe(false);
    expect(verdicts).toEqual([{ outcome: 'dropped', differences: [], cause: 'the queue is full' }]);
    release();
    await Promise.all([first, ...waiting]);
    while (verdicts.length < 4) await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes()).toEqual(['dropped', 'match', 'match', 'match']);
  });
});

test('what crashes in the shadow is counted there', async () => {
  noteFails = true;
  await served();
  while (crashes.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(String(crashes[0])).toContain('cannot note');
});
