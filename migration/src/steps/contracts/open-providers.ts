import {
  bothSides,
  type ContractSettings,
  type Environment,
  type MigrationDefinition,
} from '@strangler-toolkit/plan';
import { facadeNames, startFacades } from './facades.ts';
import { providersOf } from './providers.ts';
import type { ProviderAddress } from './verifier.ts';

export interface Wanted {
  /** One provider only, by name. */
  readonly side?: string;
  /** Besides, a facade in each routing position. */
  readonly facade?: boolean;
}

export interface OpenProviders {
  readonly sides: Readonly<Record<string, ProviderAddress>>;
  readonly close: () => Promise<void>;
}

const isSide = (name: string): boolean => bothSides.some((side) => side === name);

/** The facades that are started, by name. */
export const facadesOf = ({ side, facade = false }: Wanted): readonly string[] =>
  side === undefined ? (facade ? facadeNames : []) : facadeNames.filter((name) => name === side);

/** Who is asked: servers that are there already, and facades that live as long as the verification. */
export async function openProviders(
  definition: MigrationDefinition,
  contracts: ContractSettings,
  env: Environment,
  wanted: Wanted,
): Promise<OpenProviders> {
  const names = facadesOf(wanted);
  const oneFacade = names.length === 1;
  const sides = providersOf(definition, contracts, env, oneFacade ? undefined : wanted.side);
  const { monolith, service } = sides;
  if (names.length === 0 || !monolith || !service) return { sides, close: () => Promise.resolve() };
  const facades = await startFacades(definition, { monolith, service }, { env, names });
  return {
    sides: oneFacade ? facades.sides : { ...sides, ...facades.sides },
    close: () => facades.stop(),
  };
}

/**
 * Providers that may share data are asked in turn, because the state of one disturbs the other's: first the two sides, then those
 * that the context file names, then the facades, the mixed one by itself.
 */
export function inTurn(
  sides: Readonly<Record<string, ProviderAddress>>,
): readonly Readonly<Record<string, ProviderAddress>>[] {
  const turns: readonly ((name: string) => boolean)[] = [
    (name) => isSide(name),
    (name) => !isSide(name) && !facadeNames.includes(name),
    (name) => name === 'facade-monolith' || name === 'facade-service',
    (name) => name === 'facade-mixed',
  ];
  return turns
    .map((turn) => Object.fromEntries(Object.entries(sides).filter(([name]) => turn(name))))
    .filter((those) => Object.keys(those).length > 0);
}
