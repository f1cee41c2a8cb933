import {
  startService,
  type RunningService,
  type ServiceOptions,
} from '@strangler-toolkit/service-kit';
import { quoteRoutes } from './http/quote-routes.ts';

export const startShippingRates = (
  options: Pick<ServiceOptions, 'host' | 'port' | 'logger' | 'build'>,
): Promise<RunningService> =>
  startService({ ...options, name: 'shipping-rates', routes: () => quoteRoutes() });
