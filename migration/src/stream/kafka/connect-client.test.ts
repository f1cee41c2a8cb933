import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { ConnectClient, type ConnectClientOptions } from './connect-client.ts';

type Reply = readonly [status: number, text: string];
type Answer = Reply | ((method: string, path: string) => Reply);

/** Jetty's own word, seen from Connect 4.3.1 before its resources are loaded: a page to who asks, nothing to who orders. */
const starting: Answer = (method, path) => [
  404,
  method === 'GET' || method === 'POST'
    ? `<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n<title>Error 404 Not Found</title>\n</head>\n<body>\n<h2>HTTP ERROR 404 Not Found</h2>\n<table>\n<tr><th>URI:</th><td>http://127.0.0.1${path}</td></tr>\n<tr><th>STATUS:</th><td>404</td></tr>\n<tr><th>MESSAGE:</th><td>Not Found</td></tr>\n</table>\n<hr/><a href="https://jetty.org/">Powered by Jetty:// 12.0.34</a><hr/>\n\n</body>\n</html>\n`
    : '',
];
const page = (status: number, title: string): Reply => [
  status,
  `<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>`,
];
const says = (status: number, message: string): Reply => [
  status,
  JSON.stringify({ error_code: status, message }),
];
const gives = (value: unknown, status = 200): Reply => [status, JSON.stringify(value)];

/** A server that gives these answers one after another, the last for ever. */
async function connectThat(answers: readonly Answer[], options: ConnectClientOptions = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [500, ''];
    asked.push(`${method} ${url}`);
    const [status, text] = typeof answer === 'function' ? answer(method, url) : answer;
    request.resume().on('end', () => response.writeHead(status).end(text));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    rest: new ConnectClient(`http://127.0.0.1:${port}`, options),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const config = { 'connector.class': 'c' };
const running = { connector: { state: 'RUNNING', worker_id: 'w' }, tasks: [] };

test.each<[string, (rest: ConnectClient) => Promise<unknown>, Reply, unknown]>([
  ['the list', (rest) => rest.list(), gives(['one']), ['one']],
  ['a configuration', (rest) => rest.config('one'), gives(config), config],
  ['a status', async (rest) => (await rest.status('one'))?.state, gives(running), 'RUNNING'],
  [
    'an offset',
    (rest) => rest.offset('one'),
    gives({ offsets: [{ offset: { lsn: 7 } }] }),
    { lsn: 7 },
  ],
  ['a registration', (rest) => rest.put('one', config), gives(config, 201), undefined],
  ['a removal', (rest) => rest.delete('one'), [204, ''], 'deleted'],
])(
  'a Connect that starts is asked again for %s: nothing counts as gone, or as done',
  async (_what, ask, reply, wanted) => {
    await using connect = await connectThat([starting, starting, reply]);
    expect(await ask(connect.rest)).toEqual(wanted);
    expect(connect.asked).toHaveLength(3);
    expect(new Set(connect.asked).size).toBe(1);
  },
);

test('what Connect itself does not know is not there, at the first asking', async () => {
  await using connect = await connectThat([says(404, 'Connector one not found')]);
  expect(await connect.rest.config('one')).toBeUndefined();
  expect(await connect.rest.status('one')).toBeUndefined();
  expect(await connect.rest.delete('one')).toBe('absent');
  expect(connect.asked).toHaveLength(3);
});

test.each<[string, Reply]>([
  [
    'rebalances',
    says(409, 'Cannot complete request because of a conflicting operation (e.g. worker rebalance)'),
  ],
  [
    'still joins its cluster',
    says(
      500,
      'Request timed out. The worker is currently ensuring membership in the cluster, which began at 2026-11-29T22:00:00Z',
    ),
  ],
  [
    'does not reach its leader',
    says(500, 'IO Error trying to forward REST request: java.net.ConnectException: refused'),
  ],
  ['says that it is not ready', says(503, 'Worker is still starting up.')],
  ['is missed by the proxy before it', page(503, 'Service Temporarily Unavailable')],
  ['is away from the proxy before it', page(502, 'Bad Gateway')],
])('a Connect that %s is asked again', async (_what, reply) => {
  await using connect = await connectThat([reply, gives(['one'])]);
  expect(await connect.rest.list()).toEqual(['one']);
});

test.each<[string, Answer, string]>([
  ['starts for ever', starting, 'CONNECT_UNREACHABLE'],
  ['is another server', page(200, 'Welcome'), 'CONNECT_UNREACHABLE'],
  ['rebalances for ever', says(409, 'rebalance'), 'CONNECTOR_FAILED'],
])('one that %s is not asked for ever', async (_what, answer, code) => {
  await using connect = await connectThat([answer], { busyMs: 300 });
  await expect(connect.rest.put('one', config)).rejects.toMatchObject({ code });
});

test('what is not Connect is told by what it answers', async () => {
  await using connect = await connectThat([starting], { busyMs: 0 });
  await expect(connect.rest.list()).rejects.toMatchObject({
    code: 'CONNECT_UNREACHABLE',
    message: expect.stringMatching(
      /^What answers at http:\S+ is not Kafka Connect, or it still starts: GET \/connectors gives 404: Error 404 Not Found HTTP ERROR/,
    ),
  });
});

test('a path that Connect does not have is not taken for a Connect without connectors', async () => {
  await using connect = await connectThat([says(404, 'HTTP 404 Not Found')]);
  const wrong = { code: 'CONNECT_UNREACHABLE', message: expect.stringContaining('CONNECT_URL') };
  await expect(connect.rest.list()).rejects.toMatchObject(wrong);
  await expect(connect.rest.version()).rejects.toMatchObject(wrong);
  await expect(connect.rest.put('one', config)).rejects.toMatchObject(wrong);
});

test.each<[number, string]>([
  [400, 'Connector configuration is invalid and contains the following 1 error(s)'],
  [500, 'Failed to find any class that implements Connector'],
])('a %s with Connect’s reason is told at once', async (status, message) => {
  await using connect = await connectThat([says(status, message)]);
  await expect(connect.rest.put('one', config)).rejects.toMatchObject({
    code: 'CONNECTOR_FAILED',
    message: expect.stringContaining(message),
    details: { status },
  });
  expect(connect.asked).toHaveLength(1);
});

test.each<[Reply]>([[page(401, 'Unauthorized')], [page(403, 'Forbidden')], [says(403, 'no')]])(
  'who is refused hears where user and password go, at once: %j',
  async (reply) => {
    await using connect = await connectThat([reply]);
    await expect(connect.rest.put('one', config)).rejects.toMatchObject({
      code: 'CONNECT_UNREACHABLE',
      message: expect.stringContaining(`refuses us (${reply[0]})`),
      remedy: expect.stringContaining('CONNECT_URL'),
    });
    expect(connect.asked).toHaveLength(1);
  },
);

test('who is cancelled asks no more', async () => {
  const controller = new AbortController();
  const cancelSoon: Answer = () => (setTimeout(() => controller.abort(), 50), [404, '']);
  await using connect = await connectThat([cancelSoon], { signal: controller.signal });
  await expect(connect.rest.list()).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(connect.asked).toHaveLength(1);
});
