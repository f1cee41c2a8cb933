import { defineMigration } from '@strangler-toolkit/plan';
import shippingRates from '../../contexts/shipping-rates.ts';

export default defineMigration({
  ...shippingRates,
  gates: {
    ...shippingRates.gates,
    minShadowReads: 50,
    rampMinRequests: 20,
    rampMaxLatencyRatio: 25,
  },
});
