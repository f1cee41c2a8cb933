import { expect, test } from '@jest/globals';
import { serveWorker } from './serve-worker.ts';
import { workerAddress } from './worker-address.ts';
import { beginView } from './worker-view.ts';

const token = 'a-token-of-workers';
const view = beginView('catalog', performance.now());

/** Status and body of what somebody hears who says this. */
async function told(address: { token?: string }, path: string, said?: string) {
  await using server = await serveWorker({ host: '127.0.0.1', port: 0, ...address }, () => view);
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    ...(said !== undefined && { headers: { authorization: said } }),
  });
  return [response.status, await response.text()] as const;
}

test('a worker with a token tells strangers whether it is live and well, and nothing else', async () => {
  for (const said of [undefined, 'Bearer wrong'])
    for (const [path, status, body] of [
      ['/health/live', 200, '{"status":"live"}'],
      ['/health', 503, '{"ok":false,"status":"starting"}'],
      ['/health/ready', 503, '{"ok":false,"status":"starting"}'],
      ['/metrics', 401, 'Authorization: Bearer <STRANGLER_WORKER_TOKEN>\n'],
      ['/other', 401, 'Authorization: Bearer <STRANGLER_WORKER_TOKEN>\n'],
    ] as const)
      expect([path, ...(await told({ token }, path, said))]).toEqual([path, status, body]);
});

test.each([
  ['with a token, to who says it', { token }, `Bearer ${token}`],
  ['without one, to everybody', {}, undefined],
])('a worker tells everything %s', async (_what, address, said) => {
  expect(JSON.parse((await told(address, '/health', said))[1])).toMatchObject({
    context: 'catalog',
    why: 'it has not begun yet',
  });
  expect(await told(address, '/metrics', said)).toEqual([
    200,
    expect.stringContaining('strangler_worker_healthy'),
  ]);
  expect((await told(address, '/other', said))[0]).toBe(404);
});

test('a token comes from the environment, and one that is easily guessed is refused without being shown', () => {
  const port = { STRANGLER_WORKER_PORT: '0' };
  expect(workerAddress(port)).toEqual({ host: '127.0.0.1', port: 0 });
  expect(workerAddress({ ...port, STRANGLER_WORKER_TOKEN: token })).toMatchObject({ token });
  const short = (): unknown => workerAddress({ ...port, STRANGLER_WORKER_TOKEN: 'secret' });
  expect(short).toThrow(/STRANGLER_WORKER_TOKEN needs 16 characters/);
  expect(short).not.toThrow(/secret/);
});
