import {
  bothSides,
  type ContractSettings,
  type Environment,
  type MessageSetting,
  type MigrationDefinition,
  optionalSetting,
  resolveSetting,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import { parseTableName } from '../../database/identifiers.ts';
import { namedTables } from '../../mapping/load.ts';
import { watchChanges } from '../../stream/index.ts';
import { type ChangeDoor, openChangeDoor } from './change-door.ts';
import { closeAll } from './close-all.ts';
import type { MessageSource, ProviderAddress } from './verifier.ts';

/** What one provider of messages keeps: its pacts, and who is asked for them. */
export interface Turn {
  readonly provider: string;
  readonly sides: Readonly<Record<string, ProviderAddress>>;
}

export interface OpenMessages {
  /** The addresses of `contracts.provider`, with its messages where it publishes some itself. */
  readonly withMessages: (sides: Turn['sides']) => Turn['sides'];
  /** The other providers of messages, each asked of the sides that publish them and were asked for. */
  readonly turns: readonly Turn[];
  readonly close: () => Promise<void>;
}

/** Which messages are looked at where, for people. */
export const messagesText = ({ messages = {} }: ContractSettings): readonly string[] =>
  Object.entries(messages).flatMap(([provider, of]) =>
    bothSides.flatMap((side) => {
      const setting = of[side];
      if (setting === undefined) return [];
      const where = 'url' in setting ? 'where its url says' : `in its ${setting.from}`;
      return [`${provider}: of the ${side}, ${where}`];
    }),
  );

/**
 * Opens what message pacts are held against, for those of `sides` that publish some.
 *
 * @throws StranglerError CONFIG_INVALID, CONFIG_ENV_MISSING, and what reading the log of a database throws
 */
export async function openMessages(
  definition: MigrationDefinition,
  contracts: ContractSettings,
  env: Environment,
  sides: Turn['sides'],
): Promise<OpenMessages> {
  const doors: ChangeDoor[] = [];
  const close = (): Promise<void> => closeAll(doors.splice(0).map((door) => () => door.close()));
  const found: Turn[] = [];
  try {
    for (const [provider, of] of Object.entries(contracts.messages ?? {})) {
      const asked: Record<string, ProviderAddress> = {};
      for (const side of bothSides) {
        const address = sides[side];
        const setting = of[side];
        if (address === undefined || setting === undefined) continue;
        const where = `contracts.messages.${provider}.${side}`;
        const messages = await openSource(definition, setting, { side, where, env, doors });
        asked[side] = { ...address, messages };
      }
      found.push({ provider, sides: asked });
    }
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  const own = found.find(({ provider }) => provider === contracts.provider);
  return {
    withMessages: (those) =>
      own === undefined
        ? those
        : Object.fromEntries(
            Object.entries(those).map(([name, address]) => [
              name,
              own.sides[name] ?? { ...address, messages: 'elsewhere' as const },
            ]),
          ),
    turns: found.filter((turn) => turn !== own && Object.keys(turn.sides).length > 0),
    close,
  };
}

interface Opening {
  readonly side: Side;
  readonly where: string;
  readonly env: Environment;
  readonly doors: ChangeDoor[];
}

async function openSource(
  definition: MigrationDefinition,
  setting: MessageSetting,
  { side, where, env, doors }: Opening,
): Promise<MessageSource> {
  const named = (key: string): string => `${where}.${key} of context ${definition.context}`;
  if ('url' in setting) return { url: resolveSetting(setting.url, env, named('url')) };
  const other = definition.contracts?.url?.[side] !== undefined;
  // A pool in between carries neither a log nor a transaction that spans requests.
  const own = optionalSetting(definition[side].databaseDirect, env) ?? definition[side].database;
  const database = setting.database ?? (other ? undefined : own);
  if (database === undefined)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${named('database')} is missing: ` +
        (other
          ? `contracts.url.${side} is an instance with a database of its own`
          : `the ${side} has none`),
    );
  const url = resolveSetting(database, env, named('database'));
  if (setting.from === 'outbox') return { outbox: url };
  const tables = namedTables(definition)[side].map(({ name }) => parseTableName(name));
  if (tables.length === 0)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${named('from')} is "changes", but the context maps no tables`,
    );
  const door = await openChangeDoor(await watchChanges(url, tables));
  doors.push(door);
  return { url: door.url };
}
