export { chooseFlagWriter, requireFlagWriter, type OpenControl } from './choose-flag-writer.ts';
export { allFlags, readRoutes, routeFlags, shadowFlags, steerableRoutes } from './context-flags.ts';
export { requireShares } from './require-shares.ts';
export type { FlagState, FlagWriter, ShareOptions } from './flag-writer.ts';
