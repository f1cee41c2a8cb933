import { afterEach, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConnectRest } from './connect-rest.ts';

let server: Server | undefined;
afterEach(async () => {
  const running = server;
  server = undefined;
  if (running) await new Promise((resolve) => running.close(resolve));
});

/** Answers one after the other. */
const connect = async (...answers: { status: number; body?: unknown }[]): Promise<{ rest: ConnectRest; asked: string[] }> => {
  const asked: string[] = [];
  const listening = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const answer = answers.shift() ?? { status: 500 };
    response.writeHead(answer.status, { 'content-type': 'application/json', connection: 'close' }).end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { rest: new ConnectRest(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/`), asked };
};

test('while Connect hands its connectors over, it is asked again', async () => {
  const { rest, asked } = await connect({ status: 409, body: { message: 'Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)' } }, { status: 200, body: { a: 'b' } });
  expect(await rest.config('x y')).toEqual({ a: 'b' });
  expect(asked).toEqual(['GET /connectors/x%20y/config', 'GET /connectors/x%20y/config']);
});

test('what does not exist is no failure', async () => {
  const { rest } = await connect({ status: 404, body: { message: 'not found' } }, { status: 404 }, { status: 404 });
  expect([await rest.config('x'), await rest.status('x'), await rest.delete('x')]).toEqual([undefined, undefined, 'absent']);
});

test('a refusal says why', async () => {
  const { rest } = await connect({ status: 400, body: { error_code: 400, message: 'Connector configuration is invalid and contains the following 1 error(s): …' } });
  await expect(rest.put('x', {})).rejects.toMatchObject({ code: 'CONNECTOR_FAILED', message: 'Kafka Connect refused PUT /connectors/x/config with 400: Connector configuration is invalid and contains the following 1 error(s): …' });
});

test('a Connect that is not there is told apart from one that refuses', async () => {
  await expect(new ConnectRest('http://127.0.0.1:1').config('x')).rejects.toMatchObject({ code: 'CONNECT_UNREACHABLE' });
});
