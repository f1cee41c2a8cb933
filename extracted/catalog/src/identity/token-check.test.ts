import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tokenCheck } from './token-check.ts';

let identity: Server;
let url: string;
let status = 200;
let asked = 0;

beforeEach(async () => {
  asked = 0;
  status = 200;
  identity = createServer((_request, response) => {
    asked += 1;
    response.writeHead(status).end('{}');
  });
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(identity.address() as { port: number }).port}`;
});
afterEach(async () => {
  identity.closeAllConnections();
  await new Promise((resolve) => identity.close(resolve));
});

test('a known token is asked about once for all requests of its freshness', async () => {
  const check = tokenCheck({ identityUrl: url });
  expect(await Promise.all(Array.from({ length: 20 }, () => check('t')))).toEqual(
    Array(20).fill('known'),
  );
  expect(await check('t')).toBe('known');
  expect(asked).toBe(1);
});

test('a revoked token is refused as soon as its freshness ends', async () => {
  let time = 0;
  const check = tokenCheck({ identityUrl: url, freshMs: 1_000, clock: () => time });
  expect(await check('t')).toBe('known');
  status = 401;
  time = 1_001;
  expect(await check('t')).toBe('unknown');
  time = 1_002;
  expect(await check('t')).toBe('unknown');
});

test('a wrong token is not remembered as wrong', async () => {
  const check = tokenCheck({ identityUrl: url });
  status = 401;
  expect(await check('t')).toBe('unknown');
  status = 200;
  expect(await check('t')).toBe('known');
});

test('while identity fails, tokens seen lately are believed and others are not judged', async () => {
  let time = 0;
  const check = tokenCheck({
    identityUrl: url,
    freshMs: 1_000,
    staleMs: 60_000,
    clock: () => time,
  });
  await check('seen');
  status = 500;
  time = 30_000;
  expect(await check('seen')).toBe('known');
  expect(await check('never seen')).toBe('unreachable');
  time = 61_000;
  expect(await check('seen')).toBe('unreachable');
});
