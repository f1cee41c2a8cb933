export { chooseFlagWriter, requireFlagWriter } from './choose-flag-writer.ts';
export { allFlags, readRoutes, routeFlags, shadowFlags, steerableRoutes } from './context-flags.ts';
export type { FlagState, FlagWriter } from './flag-writer.ts';
