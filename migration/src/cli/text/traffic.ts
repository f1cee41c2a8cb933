import type { TrafficSeen } from '@strangler-toolkit/plan';
import { share } from './units.ts';

/** Who asked in the last day: a percentage sticks to identities, and pins belong to them. */
export const trafficText = ({ requests, anonymous, identities }: TrafficSeen): string =>
  requests === 0
    ? 'no steered request in the last day'
    : `${requests} steered requests in the last day, ${share(anonymous, requests)} without identity, ` +
      `${identities === 1 ? '1 identity' : `${identities} identities`} seen`;
