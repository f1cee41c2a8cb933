import { codeOf } from '@strangler-toolkit/plan';
import { UpstreamFailure } from '../resilience/breaker.ts';

/** It answered, and what it said is no HTTP. Node's parser, undici's, and what undici checks itself. */
const unreadable = ({ name }: Error, code: string): boolean =>
  name === 'HTTPParserError' ||
  code.startsWith('HPE_') ||
  code === 'UND_ERR_HEADERS_OVERFLOW' ||
  code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

export const timeoutOf = (upstream: string, cause?: Error): UpstreamFailure =>
  new UpstreamFailure('timeout', `${upstream} did not answer in time`, { cause });

/** Why a try brought no answer. */
export function failureOf(upstream: string, cause: Error): UpstreamFailure {
  const code = codeOf(cause) || 'ERROR';
  return unreadable(cause, code)
    ? new UpstreamFailure('unreadable', `${upstream} answered what is no HTTP: ${code}`, { cause })
    : new UpstreamFailure('unreachable', `${upstream} could not be reached or broke off: ${code}`, {
        cause,
      });
}

const broken = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** The connection went away, as one does that the upstream had just closed. */
export const brokeOff = (error: Error): boolean => broken.has(codeOf(error));
