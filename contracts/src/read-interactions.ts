import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContractsError } from './contracts-error.ts';

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  /** With its question mark; empty without a query. */
  readonly search: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One interaction as a pact of its own, so that each gets a result of its own. */
export interface Interaction {
  readonly consumer: string;
  readonly description: string;
  readonly file: string;
  readonly pact: string;
  /** Provider states that it needs, by name. */
  readonly states: readonly string[];
  /** Its author marked it as not to be relied on yet (Pact V4). */
  readonly pending: boolean;
  readonly kind: 'http' | 'message';
  /** What is asked, as the pact's example has it; undefined for a message. */
  readonly request?: AskedRequest;
  /** Of a message: what its metadata calls its type, else its description. */
  readonly messageType?: string;
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nameOf = (value: unknown): string | undefined =>
  isObject(value) && typeof value.name === 'string' ? value.name : undefined;
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/**
 * The pacts of one provider, specification versions 1 to 4; those of other providers are passed over.
 *
 * @throws ContractsError PACTS_NOT_FOUND when the folder holds no pact for this provider: nothing verified is not a success
 */
export async function readInteractions(
  pactsDir: string,
  provider: string,
): Promise<readonly Interaction[]> {
  const names = await readdir(pactsDir).catch((cause: unknown) => {
    throw new ContractsError('PACTS_NOT_FOUND', `The folder of pacts ${pactsDir} cannot be read`, {
      cause,
    });
  });
  const found: Interaction[] = [];
  for (const name of names.filter((candidate) => candidate.endsWith('.json')).sort())
    found.push(...(await readPact(join(pactsDir, name), provider)));
  if (found.length === 0)
    throw new ContractsError('PACTS_NOT_FOUND', `No pact with provider ${provider} in ${pactsDir}`);
  return found;
}

async function readPact(file: string, provider: string): Promise<Interaction[]> {
  let pact: unknown;
  try {
    pact = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it is no JSON`, { cause });
  }
  if (!isObject(pact) || nameOf(pact.provider) === undefined)
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it names no provider`);
  if (nameOf(pact.provider) !== provider) return [];
  if (!Array.isArray(pact.interactions) && !Array.isArray(pact.messages))
    throw new ContractsError('CONFIG_INVALID', `${file} is not a pact: it has no interactions`);
  const { interactions, messages, ...rest } = pact;
  const consumer = nameOf(pact.consumer) ?? 'unknown';
  const each = (list: unknown, key: 'interactions' | 'messages'): Interaction[] =>
    (Array.isArray(list) ? list.filter(isObject) : []).map((interaction) => ({
      consumer,
      description: textOf(interaction.description) ?? 'unnamed',
      file,
      // The verifier reports a pending failure as a success: whether it may is decided here, by name.
      pact: JSON.stringify({ ...rest, [key]: [withoutPending(interaction)] }),
      states: statesOf(interaction),
      pending: interaction.pending === true,
      kind: key === 'messages' || isMessage(interaction) ? 'message' : 'http',
      ...requestOf(interaction),
      ...((key === 'messages' || isMessage(interaction)) && {
        messageType: messageTypeOf(interaction),
      }),
    }));
  return [...each(interactions, 'interactions'), ...each(messages, 'messages')];
}

function requestOf({ request }: Json): Pick<Interaction, 'request'> {
  if (!isObject(request)) return {};
  const [method, path] = [textOf(request.method), textOf(request.path)];
  return {
    request: {
      method: (method ?? 'GET').toUpperCase(),
      path: path ?? '/',
      search: searchOf(request.query),
      headers: headersOf(request.headers),
    },
  };
}

/** V2 has a text, later ones lists of values by name. */
function searchOf(query: unknown): string {
  const text = isObject(query)
    ? new URLSearchParams(
        Object.entries(query).flatMap(([name, values]) =>
          [values].flat().map((value): [string, string] => [name, String(value)]),
        ),
      ).toString()
    : textOf(query);
  return text ? `?${text}` : '';
}

const headersOf = (headers: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(headers) ? headers : {}).map(([name, value]) => [
      name.toLowerCase(),
      [value].flat().map(String).join(', '),
    ]),
  );

/** V4 `metadata`, V3 `metaData` or `metadata`. */
function messageTypeOf({ metadata, metaData, description }: Json): string {
  const said = isObject(metadata) ? metadata : isObject(metaData) ? metaData : {};
  return textOf(said.type) ?? textOf(description) ?? 'unnamed';
}

function withoutPending(interaction: Json): Json {
  const { pending: _pending, ...rest } = interaction;
  return rest;
}

const isMessage = ({ type }: Json): boolean =>
  typeof type === 'string' && type.endsWith('/Messages');

/** V1 `provider_state`, V2 `providerState`, V3 and V4 `providerStates`. */
function statesOf(interaction: Json): string[] {
  const single = textOf(interaction.providerState) ?? textOf(interaction.provider_state);
  const several = Array.isArray(interaction.providerStates)
    ? interaction.providerStates.map((state) => nameOf(state) ?? textOf(state))
    : [];
  return [single, ...several].filter((name): name is string => name !== undefined && name !== '');
}
