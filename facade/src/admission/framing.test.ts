import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { faultOf } from './framing.ts';

function arriving(rawHeaders: string[], version: readonly [number, number] = [1, 1]) {
  const [httpVersionMajor, httpVersionMinor] = version;
  return Object.assign(new IncomingMessage(new Socket()), {
    rawHeaders,
    httpVersionMajor,
    httpVersionMinor,
  });
}
const host = ['Host', 'shop'];
const old = [1, 0] as const;

describe('a request passes', () => {
  test.each([
    ['with one host', host],
    ['with its host in any spelling, among others', ['A', 'b', 'hOST', 'shop:81', 'host-x', 'y']],
    ['chunked', [...host, 'Transfer-Encoding', 'chunked']],
    ['chunked in any spelling', [...host, 'transfer-ENCODING', ' Chunked ']],
    [
      'with a name as long as another',
      [...host, 'transfer_encoding', 'gzip', 'hosT-', 'x', 'Hosu', 'a b'],
    ],
  ])('%s', (_what, headers) => {
    expect(faultOf(arriving(headers))).toBeUndefined();
  });

  test('of HTTP/1.0 without a host, which knew none', () => {
    expect(faultOf(arriving([], old))).toBeUndefined();
    expect(faultOf(arriving(host, old))).toBeUndefined();
  });
});

describe('a request is refused, and its connection ends', () => {
  const refused = (code: string, status: number) => ({ code, status, close: true });
  test.each([
    ['without a host', [], 'needs a Host header'],
    ['with two hosts, though they are one', [...host, ...host], 'more than one Host header'],
    ['with two hosts in two spellings', [...host, 'hoST', 'shop'], 'more than one Host header'],
    ['with a host that is none', ['Host', 'a b'], 'is no host'],
  ])('%s', (_what, headers, detail) => {
    expect(faultOf(arriving(headers))).toMatchObject({
      ...refused('HOST_REFUSED', 400),
      detail: expect.stringContaining(detail),
    });
  });

  test('of HTTP/2.0 or 0.9 without a host', () => {
    for (const version of [
      [2, 0],
      [0, 9],
      [1, 2],
    ] as const)
      expect(faultOf(arriving([], version))).toMatchObject(refused('HOST_REFUSED', 400));
  });

  test.each([
    ['another coding', ['gzip']],
    ['a coding before the chunks', ['gzip, chunked']],
    ['no coding', ['']],
    ['a spelling that another server may read', ['chunked\u000b;']],
    ['the header twice', ['chunked', 'chunked']],
    ['a second one that says nothing', ['chunked', '']],
    ['the header three times', ['chunked', 'chunked', 'chunked']],
  ])('for %s', (_what, codings) => {
    const coded = codings.flatMap((coding) => ['Transfer-Encoding', coding]);
    expect(faultOf(arriving([...host, ...coded]))).toMatchObject(refused('TRANSFER_ENCODING', 501));
    expect(faultOf(arriving([...coded, ...host]))).toMatchObject(refused('TRANSFER_ENCODING', 501));
  });

  test('of HTTP/1.0 for any transfer coding, whatever else is wrong with it', () => {
    for (const coding of ['chunked', 'gzip'])
      expect(faultOf(arriving(['Transfer-Encoding', coding], old))).toMatchObject(
        refused('FRAMING', 400),
      );
  });
});
