import { defineMigration } from '@strangler-toolkit/migration';
import shippingRates from '../../contexts/shipping-rates.ts';

// Quotes are asked with POST, and bodies are not mirrored: the ramp judges this context, by errors and latency of real answers.
export default defineMigration({ ...shippingRates, gates: { ...shippingRates.gates, minShadowReads: 0, rampMinRequests: 20, rampMaxLatencyRatio: 25 } });
