export { startShippingRates } from './start.ts';
