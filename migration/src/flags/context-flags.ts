import {
  flagName,
  killFlagName,
  type MigrationDefinition,
  type RouteDefinition,
  shadowFlagName,
} from '@strangler-toolkit/plan';

/** Routes that a flag may send to the service: reads; writes too where the data cannot fork. */
export const steerableRoutes = (definition: MigrationDefinition): RouteDefinition[] =>
  definition.routes.filter((route) => route.kind === 'read' || definition.data !== 'replicated');

export const readRoutes = (definition: MigrationDefinition): RouteDefinition[] =>
  definition.routes.filter((route) => route.kind === 'read');

export const routeFlags = (
  definition: MigrationDefinition,
  routes = steerableRoutes(definition),
): string[] => routes.map((route) => flagName(definition.context, route.name));
export const shadowFlags = (
  definition: MigrationDefinition,
  routes = readRoutes(definition),
): string[] => routes.map((route) => shadowFlagName(definition.context, route.name));
export const allFlags = (definition: MigrationDefinition): string[] => [
  ...routeFlags(definition),
  ...shadowFlags(definition),
  killFlagName(definition.context),
];
