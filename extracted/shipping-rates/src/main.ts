import { listenAddress, runService } from '@strangler-toolkit/service-kit';
import { startShippingRates } from './start.ts';

await runService('shipping-rates', async (logger) =>
  startShippingRates({ ...listenAddress(4020), logger }),
);
