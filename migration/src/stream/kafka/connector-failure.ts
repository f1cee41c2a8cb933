import { StranglerError } from '@strangler-toolkit/plan';
import { traceReason } from './connect-client.ts';

/** A failed task in the toolkit's words. */
export function connectorFailure(name: string, trace: string): StranglerError {
  const reason = traceReason(trace);
  const options = { details: { connector: name, trace } };
  if (/replication slot \S+ is gone/.test(trace))
    return new StranglerError('SLOT_LOST', `Connector ${name}: ${reason}`, options);
  if (/offset.*(no longer available|mismatch|ahead)|slot.*ahead/is.test(reason))
    return new StranglerError('POSITION_GAP', `Connector ${name}: ${reason}`, options);
  return new StranglerError('CONNECTOR_FAILED', `Connector ${name} failed: ${reason}`, options);
}
