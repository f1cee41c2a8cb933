import zlib from 'node:zlib';
import { expect, test } from '@jest/globals';
import { decodeBody } from './decode-body.ts';

const plain = Buffer.from('{"a": 1}');
const { brotliCompressSync: br, deflateSync: deflate, gzipSync: gzip } = zlib;
const decoded = async (body: Buffer, encoding?: string, maxBytes = 1_000) =>
  String(await decodeBody(body, encoding, maxBytes));

test.each([
  [undefined, plain],
  ['', plain],
  ['identity', plain],
  ['gzip', gzip(plain)],
  ['X-GZIP', gzip(plain)],
  ['deflate', deflate(plain)],
  ['br', br(plain)],
  ['gzip, br', br(gzip(plain))],
  [' deflate , identity,gzip ', gzip(deflate(plain))],
])('%j is read as the application wrote it', async (encoding, body) => {
  expect(await decoded(body, encoding)).toBe(String(plain));
});

test.each([
  ['gzip', plain],
  ['compress', plain],
  ['br, gzip', br(gzip(plain))],
  ['constructor', plain],
  ['gzip, gzip, gzip', gzip(gzip(gzip(plain)))],
])('%j that cannot be read is no body', async (encoding, body) => {
  await expect(decoded(body, encoding)).rejects.toThrow();
});

test('the name of an unknown encoding is told', async () => {
  await expect(decoded(plain, 'zstd')).rejects.toThrow('unknown content-encoding zstd');
});

test('a body that unpacks to too much is cut off', async () => {
  const bomb = gzip(Buffer.alloc(1_001));
  await expect(decoded(bomb, 'gzip', 1_000)).rejects.toThrow();
  expect(await decoded(bomb, 'gzip', 1_001)).toHaveLength(1_001);
});
