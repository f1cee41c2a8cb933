import { type ErrorCode, isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { isAbort } from '../pause.ts';

/**
 * 0 ok, 1 error, 2 usage or configuration, 3 differences found, 4 gate refused or move not allowed, 130 interrupted.
 * Of contracts: 5 broken, 6 a provider does not answer, 7 nothing verified, or not all of it, 8 the Pact Broker does not answer or refuses.
 */
const codes: Partial<Record<ErrorCode, number>> = {
  USAGE: 2,
  CONFIG_ENV_MISSING: 2,
  CONFIG_INVALID: 2,
  CONFIG_NOT_FOUND: 2,
  CONFIRMATION_NEEDED: 2,
  CONTEXT_UNKNOWN: 2,
  UNLEASH_NEEDED: 2,
  ROUTE_UNKNOWN: 2,
  VERIFY_DIFFERENCES: 3,
  OPENAPI_BREAKS: 3,
  GATE_REFUSED: 4,
  MOVE_NOT_ALLOWED: 4,
  PACTS_FAILED: 5,
  PACTS_UNREACHABLE: 6,
  PACTS_NOT_FOUND: 7,
  PACTS_NOT_VERIFIED: 7,
  BROKER_UNREACHABLE: 8,
  BROKER_AUTH: 8,
  BROKER_NOT_FOUND: 8,
  BROKER_CONFLICT: 8,
  BROKER_REFUSED: 8,
  BROKER_FAILED: 8,
  BROKER_UNSUITABLE: 8,
  CONTRACTS_VERSION_UNKNOWN: 2,
};

export const exitCodeOf = (error: StranglerError, interrupted: boolean): number =>
  interrupted && error.code !== 'INTERNAL' ? 130 : (codes[error.code] ?? 1);

/** `interrupted`: what waited for something ended because of it, and that is no defect. */
export function asStranglerError(error: unknown, interrupted = false): StranglerError {
  if (isStranglerError(error)) return error;
  if (interrupted && isAbort(error))
    return new StranglerError('CANCELLED', 'Cancelled', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new StranglerError('INTERNAL', message, {
    cause: error,
    details: process.env.STRANGLER_DEBUG && error instanceof Error ? { stack: error.stack } : {},
  });
}
