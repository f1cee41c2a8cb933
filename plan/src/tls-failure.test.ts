import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { tlsFailure } from './tls-failure.ts';

const withCode = (code: string, more: object = {}): Error =>
  Object.assign(new Error('its text'), { code, ...more });
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

test.each<[string, unknown, ReturnType<typeof tlsFailure>]>([
  ['a file that is not there', thrownBy(() => readFileSync('/no/such/ca.crt')), 'TLS_FILE'],
  ['a folder in its place', thrownBy(() => readFileSync('/')), 'TLS_FILE'],
  ['a file that may not be read', withCode('EACCES', { syscall: 'open' }), 'TLS_FILE'],
  ['a unix socket that is not there', withCode('ENOENT', { syscall: 'connect' }), undefined],
  ['a connection that was reset', withCode('ECONNRESET', { syscall: 'read' }), undefined],
  ['a CA that did not sign', withCode('SELF_SIGNED_CERT_IN_CHAIN'), 'TLS_FAILED'],
  ['a chain with a gap', withCode('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'TLS_FAILED'],
  ['another host name', withCode('ERR_TLS_CERT_ALTNAME_INVALID'), 'TLS_FAILED'],
  ['an old certificate', withCode('CERT_HAS_EXPIRED'), 'TLS_FAILED'],
  ['a file that is no certificate', withCode('ERR_OSSL_PEM_NO_START_LINE'), 'TLS_FAILED'],
  ['a server without TLS', new Error('The server does not support SSL connections'), 'TLS_FAILED'],
  [
    'a server that wants TLS',
    withCode('28000', {
      message: 'no pg_hba.conf entry for host "::1", user "a", database "b", no encryption',
    }),
    'TLS_FAILED',
  ],
  [
    'what Kafka’s client says of it',
    new Error('Connection error: self-signed certificate in certificate chain'),
    'TLS_FAILED',
  ],
  [
    'a table of that name',
    withCode('42P01', { message: 'relation "certificate" does not exist' }),
    undefined,
  ],
  ['a wrong password', withCode('28P01'), undefined],
  ['nothing there', withCode('ECONNREFUSED', { syscall: 'connect' }), undefined],
  ['a text', 'certificate', undefined],
])('%s', (_what, error, expected) => expect(tlsFailure(error)).toBe(expected));
