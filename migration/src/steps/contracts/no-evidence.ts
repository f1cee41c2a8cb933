import type { Toolkit } from '../toolkit.ts';
import { brokerIsSet } from './broker/load-broker.ts';
import type { SourceOptions } from './broker/pact-source.ts';

/** Why a run is no evidence, whatever it finds: gates ask for both sides, and for all pacts that count. Undefined: it is. */
export function noEvidence(
  kit: Pick<Toolkit, 'env'>,
  { side, broker, selectors = [], branch }: SourceOptions & { readonly side?: string },
): string | undefined {
  if (side !== undefined) return `one provider alone was asked (--side ${side})`;
  if (!brokerIsSet(kit)) return undefined;
  if (broker === false) return 'gates want the pacts of the Pact Broker, not those of the folder';
  if (selectors.length > 0) return 'only what --consumer-selector names was asked for';
  if (branch !== undefined) return `what the broker wants depends on --branch ${branch}`;
  return undefined;
}
