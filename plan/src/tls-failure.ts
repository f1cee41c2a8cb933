import { codeOf } from './errors.ts';

const fileCodes = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR']);

/** What OpenSSL says of a certificate, and what Node says of a handshake that failed. */
const handshakeCode =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH$)/;

/** Of errors that keep no code: pg's of a server without TLS, Kafka's client's of any handshake. */
const handshakeText =
  /does not support SSL connections|\bcertificate\b|altnames|\bSSL routines\b|before secure TLS connection/i;

/**
 * Why TLS could not be set up, if that is what failed: a file of ours that cannot be read, or a handshake that one of both sides
 * refused. Undefined: something else failed.
 */
export function tlsFailure(error: unknown): 'TLS_FILE' | 'TLS_FAILED' | undefined {
  const code = codeOf(error);
  const call =
    typeof error === 'object' && error !== null && 'syscall' in error ? error.syscall : '';
  // A socket that is not there has the same codes, but of another call.
  if (fileCodes.has(code) && (call === 'open' || call === 'read')) return 'TLS_FILE';
  if (handshakeCode.test(code)) return 'TLS_FAILED';
  if (!(error instanceof Error)) return undefined;
  // PostgreSQL's word for a login that needs TLS; any other of its errors may be about a table called certificate.
  if (code === '28000' && error.message.endsWith('no encryption')) return 'TLS_FAILED';
  return code === '' && handshakeText.test(error.message) ? 'TLS_FAILED' : undefined;
}
