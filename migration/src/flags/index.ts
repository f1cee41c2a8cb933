export {
  type FlagState,
  UnleashAdmin,
  type UnleashSettings,
  unleashSettings,
} from './unleash-admin.ts';
export { allFlags, readRoutes, routeFlags, shadowFlags, steerableRoutes } from './context-flags.ts';
