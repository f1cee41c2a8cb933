/** Reads of one route go to the service (gradual, sticky). */
export const flagName = (context: string, route: string): string => `${context}.${route}`;
/** Share of one route's reads that is mirrored. */
export const shadowFlagName = (context: string, route: string): string =>
  `${context}.${route}.shadow`;
/** While on, every read of the context goes to its owner. */
export const killFlagName = (context: string): string => `${context}.kill`;
