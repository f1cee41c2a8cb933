import type { Environment } from '@strangler-toolkit/plan';
import {
  type AskedSecurely,
  edgeDuty,
  readEdgeFile,
  securelyBy,
  upstreamTlsRules,
} from '@strangler-toolkit/plan/load';

/**
 * How an address is asked: as facades ask it, by `upstreamTls` of the file that FACADE_EDGE names.
 * @throws StranglerError CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function askedSecurely(address: string, env: Environment): Promise<AskedSecurely> {
  const file = env.FACADE_EDGE;
  if (!file || !address.startsWith('https:')) return {};
  const rules = edgeDuty(await readEdgeFile(file), 'upstreamTls', upstreamTlsRules);
  const rule = rules?.find((one) => one.address === new URL(address).origin);
  return rule ? securelyBy(rule) : {};
}
