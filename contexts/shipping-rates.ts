import { defineMigration, env } from '@strangler-toolkit/plan';

/** Stateless: nothing to replicate, so flags alone move it. */
export default defineMigration({
  context: 'shipping-rates',
  data: 'none',
  monolith: { url: env('MONOLITH_URL'), buildPath: '/version' },
  service: { url: env('SHIPPING_RATES_URL'), buildPath: '/version' },
  identity: ['header:authorization', 'cookie:sid', 'header:x-client-id'],
  // A quote changes nothing, so it is a read although it is asked for with POST.
  routes: [{ name: 'quote', method: 'POST', path: '/shipping/quotes', kind: 'read' }],
  gates: { pacts: false },
});
