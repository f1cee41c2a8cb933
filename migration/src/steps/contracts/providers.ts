import {
  bothSides,
  type ContractSettings,
  type Environment,
  type MigrationDefinition,
  resolveSetting,
  type Setting,
  type Side,
  type StateSetting,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ProviderAddress, StateSetup } from './verifier.ts';

/**
 * Everybody who must keep the pacts of a context, by name.
 *
 * @throws StranglerError USAGE when `only` names none of them, CONFIG_ENV_MISSING, CONFIG_INVALID
 */
export function providersOf(
  definition: MigrationDefinition,
  contracts: ContractSettings,
  env: Environment,
  only?: string,
): Readonly<Record<string, ProviderAddress>> {
  const further = contracts.providers ?? {};
  const names: readonly string[] = [...bothSides, ...Object.keys(further)];
  if (only !== undefined && !names.includes(only))
    throw new StranglerError(
      'USAGE',
      `context ${definition.context} has no provider "${only}": it has ${names.join(', ')}`,
      { remedy: 'Name one of them with --side, or add it under contracts.providers.' },
    );
  const addresses = new Map<string, () => ProviderAddress>();
  for (const side of bothSides) addresses.set(side, () => ofSide(definition, contracts, env, side));
  for (const [name, { url, states }] of Object.entries(further))
    addresses.set(name, () => ({
      url: resolveSetting(url, env, `contracts.providers.${name}.url of ${definition.context}`),
      ...(states !== undefined && {
        states: setupOf(definition, states, env, {
          where: `contracts.providers.${name}.states`,
          database: undefined,
        }),
      }),
    }));
  return Object.fromEntries(
    [...addresses]
      .filter(([name]) => only === undefined || name === only)
      .map(([name, address]) => [name, address()]),
  );
}

function ofSide(
  definition: MigrationDefinition,
  contracts: ContractSettings,
  env: Environment,
  side: Side,
): ProviderAddress {
  const url = resolveSetting(
    contracts.url?.[side] ?? definition[side].url,
    env,
    `contracts.url.${side} of context ${definition.context}`,
  );
  const stateUrl = contracts.stateUrl?.[side];
  const states =
    contracts.states?.[side] ?? (stateUrl === undefined ? undefined : { url: stateUrl });
  if (states === undefined) return { url };
  const where = `contracts.states.${side}`;
  return {
    url,
    states: setupOf(definition, states, env, { where, database: definition[side].database }),
  };
}

function setupOf(
  definition: MigrationDefinition,
  states: StateSetting,
  env: Environment,
  { where, database }: { where: string; database: Setting | undefined },
): StateSetup {
  const named = (key: string): string => `${where}.${key} of context ${definition.context}`;
  if ('url' in states) return { url: resolveSetting(states.url, env, named('url')) };
  if (!('sql' in states)) return states;
  const setting = states.database ?? database;
  if (setting === undefined)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${named('database')} is missing: statements need one`,
    );
  return { sql: states.sql, database: resolveSetting(setting, env, named('database')) };
}
