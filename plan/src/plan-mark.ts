import type { MigrationDefinition, SideSettings } from './migration.ts';

// what is not said leaves no trace: facades of the release before make the same mark
const asked = ({ url, health, maxRequests, instances }: SideSettings): unknown => [
  url,
  health ?? null,
  ...(instances === undefined ? [] : [{ instances }]),
  ...(maxRequests === undefined ? [] : [{ maxRequests }]),
];

/** A hash of what a facade makes of a context: equal marks serve alike. Tables, gates and contracts are for others. */
export const planMark = (
  {
    context,
    data,
    identity,
    monolith,
    service,
    routes,
    standInSeconds,
    rampCeiling,
  }: MigrationDefinition,
  sha256: (text: string) => string,
): string => {
  const sides = [asked(monolith), asked(service)];
  const said = [
    ...(standInSeconds === undefined ? [] : [{ standInSeconds }]),
    ...(rampCeiling === undefined ? [] : [{ rampCeiling }]),
  ];
  return sha256(JSON.stringify([context, data, identity ?? [], sides, routes, ...said])).slice(
    0,
    16,
  );
};
