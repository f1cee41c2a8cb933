/** Reads of one route go to the service (gradual, sticky). */
export const flagName = (context: string, route: string): string => `${context}.${route}`;
/** Share of one route's reads that is mirrored. */
export const shadowFlagName = (context: string, route: string): string =>
  `${context}.${route}.shadow`;
/** While on, every read of the context goes to its owner. */
export const killFlagName = (context: string): string => `${context}.kill`;

export type FlagMeaning =
  | { readonly kind: 'route' | 'shadow'; readonly context: string; readonly route: string }
  | { readonly kind: 'kill'; readonly context: string };

/** What a flag steers, by its name; undefined for a flag that is none of the toolkit's. Names of contexts and routes hold no dot. */
export function parseFlagName(name: string): FlagMeaning | undefined {
  const [context = '', route = '', suffix, ...rest] = name.split('.');
  if (context === '' || route === '' || rest.length > 0) return undefined;
  if (suffix === 'shadow') return { kind: 'shadow', context, route };
  if (suffix !== undefined) return undefined;
  return route === 'kill' ? { kind: 'kill', context } : { kind: 'route', context, route };
}
