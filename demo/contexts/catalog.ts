import { defineMigration } from '@strangler-toolkit/plan';
import catalog from '../../contexts/catalog.ts';

// The demo lasts two minutes on a busy laptop, so fewer compared reads and requests have to do, and two cores shared by twenty
// processes say little about latency. Everything else is the context file of the example.
export default defineMigration({
  ...catalog,
  gates: { ...catalog.gates, minShadowReads: 100, rampMinRequests: 50, rampMaxLatencyRatio: 25 },
});
