import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { rawProblem, sendProblem } from './problem.ts';

const problem = { status: 503, code: 'WRITES_HELD', detail: 'Für einen Moment.' };
const body = {
  type: 'about:blank',
  title: 'Service Unavailable',
  status: 503,
  code: 'WRITES_HELD',
  detail: 'Für einen Moment.',
};
let stop = (): void => {};
afterEach(() => stop());

async function answered(listener: RequestListener, method = 'GET') {
  const server = createServer(listener).listen(0, '127.0.0.1');
  stop = () => {
    server.close();
    server.closeAllConnections();
  };
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${port}/`, { method });
}

test('a problem is JSON with status, code and what happened, and nobody keeps it', async () => {
  const answer = await answered((_request, response) => sendProblem(response, problem));
  expect(answer.status).toBe(503);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(JSON.stringify(body))),
    'cache-control': 'no-store',
  });
  expect([...answer.headers.keys()]).not.toContain('retry-after');
  expect([...answer.headers.keys()]).not.toContain('x-request-id');
  expect(await answer.json()).toEqual(body);
});

test('it names the request and when to try again, where that is known', async () => {
  const answer = await answered((_request, response) =>
    sendProblem(response, { ...problem, requestId: 'r-1', retryAfterSeconds: 0 }),
  );
  expect([answer.headers.get('x-request-id'), answer.headers.get('retry-after')]).toEqual([
    'r-1',
    '0',
  ]);
  expect(await answer.json()).toEqual({ ...body, requestId: 'r-1' });
});

test('to a HEAD it has no body', async () => {
  const answer = await answered((_request, response) => sendProblem(response, problem), 'HEAD');
  expect([answer.status, await answer.text()]).toEqual([503, '']);
});

test('it ends the connection where that was asked for, and only there', async () => {
  for (const close of [true, false]) {
    const answer = await answered((_request, response) =>
      sendProblem(response, { ...problem, close }),
    );
    expect(answer.headers.get('connection')).toBe(close ? 'close' : 'keep-alive');
    expect(await answer.json()).toEqual(body);
    stop();
  }
});

test('an answer that has begun is cut off, never ended as if it were whole', async () => {
  const answer = await answered((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('half');
    setImmediate(() => sendProblem(response, problem));
  });
  await expect(answer.text()).rejects.toThrow();
});

test('a refused upgrade gets the same as bytes', () => {
  const [head, text] = rawProblem({ ...problem, requestId: 'r-1' }).split('\r\n\r\n');
  expect(head?.split('\r\n')).toEqual([
    'HTTP/1.1 503 Service Unavailable',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(text ?? '')}`,
    'connection: close',
  ]);
  expect(JSON.parse(text ?? '')).toEqual({ ...body, requestId: 'r-1' });
  expect(rawProblem({ ...problem, status: 599 })).toMatch(/^HTTP\/1\.1 599 Error\r\n/);
});

test('a problem is told where an upstream’s reason could not be', async () => {
  const answer = await answered((_request, response) => {
    expect(() => response.writeHead(200, 'O\u0001K', [])).toThrow('Invalid character');
    try {
      sendProblem(response, problem);
    } catch {
      response.destroy();
    }
  });
  expect([answer.status, answer.statusText]).toEqual([503, 'Service Unavailable']);
});
