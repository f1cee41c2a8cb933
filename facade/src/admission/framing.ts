import type { IncomingMessage } from 'node:http';
import { isHost } from '@strangler-toolkit/plan';

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Where one request ends and the next begins is in doubt: the connection ends with the answer. */
  readonly close?: boolean;
}

const transferEncoding: Refusal = {
  status: 501,
  code: 'TRANSFER_ENCODING',
  detail: 'Only chunked transfer encoding is supported.',
  close: true,
};
const oldChunks: Refusal = {
  status: 400,
  code: 'FRAMING',
  detail: 'HTTP/1.0 knows no Transfer-Encoding.',
  close: true,
};
const host = (detail: string): Refusal => ({
  status: 400,
  code: 'HOST_REFUSED',
  detail,
  close: true,
});
const noHost = host('A request of HTTP/1.1 needs a Host header.');
const twoHosts = host('The request has more than one Host header.');
const badHost = host('The Host header is no host.');

const isOld = ({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean =>
  httpVersionMajor === 1 && httpVersionMinor === 0;

/** What is wrong with a request before one looks at what it asks: two servers could see other bodies or hosts in it. */
export function faultOf(request: IncomingMessage): Refusal | undefined {
  const { rawHeaders } = request;
  let hosts = 0;
  let named = '';
  let coding: string | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') {
      hosts++;
      named = rawHeaders[index + 1] ?? '';
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding')
      coding = coding === undefined ? (rawHeaders[index + 1] ?? '') : `${coding}, more`;
  }
  if (coding !== undefined && isOld(request)) return oldChunks;
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') return transferEncoding;
  if (hosts > 1) return twoHosts;
  if (hosts === 0) return isOld(request) ? undefined : noHost;
  return isHost(named) ? undefined : badHost;
}
