import { readFile } from 'node:fs/promises';
import { type Environment, requireVariable, StranglerError } from '@strangler-toolkit/plan';
import type { Recorded } from './recorded-answers.ts';

/** Headers that sign somebody in. Their values are sent, and neither written down nor printed. */
export interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  /** Who that is, for the state: `a clerk`. */
  readonly who: string;
}

const option = /^([A-Za-z][A-Za-z\d-]*)=(env|file):(.+)$/s;

/**
 * From where `name=env:VARIABLE` and `name=file:PATH` say.
 *
 * @throws StranglerError USAGE (a value itself would stand in the list of processes), CONFIG_ENV_MISSING, CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function readCredential(
  options: readonly string[],
  who: string,
  env: Environment,
): Promise<Credential | undefined> {
  const headers = new Map<string, string>();
  for (const text of options) {
    const [, written, kind, from] = option.exec(text) ?? [];
    // What stands there may be the secret itself: it is not repeated.
    if (written === undefined || from === undefined)
      throw new StranglerError('USAGE', '--header says no place where its value is', {
        remedy:
          'Write --header authorization=env:SHOP_TOKEN or --header cookie=file:PATH: a value itself would stand in the list of processes.',
      });
    const name = written.toLowerCase();
    const value = (
      kind === 'env'
        ? requireVariable(from, env, `the header ${name}`)
        : await contentOf(from, name)
    ).trim();
    if (!/^[\t -~\u0080-\u00ff]+$/.test(value))
      throw new StranglerError(
        'CONFIG_INVALID',
        `the value of the header ${name} is no line of text`,
        {
          remedy: `Mend what ${from} holds.`,
        },
      );
    headers.set(name, value);
  }
  return headers.size === 0 ? undefined : { headers: Object.fromEntries(headers), who };
}

const contentOf = (file: string, name: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StranglerError(
      'CONFIG_NOT_FOUND',
      `The value of the header ${name} cannot be read from ${file}`,
      {
        cause,
        remedy: 'Name a file that holds the value and nothing else.',
      },
    );
  });

/** What the state «signed in as …» answers for a header: the provider's own value takes the place of the example. */
const stateValue = (name: string): string => name.replaceAll('-', '_');

export const stateValues = ({ headers }: Credential): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [stateValue(name), value]));

const scheme = /^(?:Basic|Bearer|Digest|Token|ApiKey)(?= )/i;

/** Of the form that is sent, and nobody's. */
function madeUp(name: string, value: string): string {
  if (name === 'cookie') return 'session=made-up';
  const said = scheme.exec(value)?.[0];
  return said === undefined ? 'made-up' : `${said} made-up`;
}

const capitals = (name: string): string =>
  name.replaceAll(/(?<=^|-)[a-z]/g, (at) => at.toUpperCase());

/** How an interaction that needs the credential asks: any value is matched, the state's is sent. */
export function signedRequest({ headers }: Credential): {
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly matchingRules: Readonly<Record<string, unknown>>;
  readonly generators: Readonly<Record<string, unknown>>;
} {
  const all = Object.entries(headers).map(([name, value]) => ({
    name: capitals(name),
    example: madeUp(name, value),
    expression: `\${${stateValue(name)}}`,
  }));
  const of = <T>(made: (header: (typeof all)[number]) => T): Record<string, T> =>
    Object.fromEntries(all.map((header) => [header.name, made(header)]));
  return {
    headers: of(({ example }) => [example]),
    matchingRules: {
      header: of(() => ({ combine: 'AND', matchers: [{ match: 'regex', regex: '.+' }] })),
    },
    generators: { header: of(({ expression }) => ({ type: 'ProviderState', expression })) },
  };
}

/** Texts of others, without a value of the credential. */
export const withoutValues = (text: string, credential: Credential | undefined): string =>
  Object.values(credential?.headers ?? {})
    .flatMap((value) => [value, value.replace(scheme, '').trim()])
    .filter((value) => value.length > 3)
    .reduce((before, value) => before.replaceAll(value, '…'), text);

/** Recorded with a header of the credential's: it was somebody's. */
export const isOf = (
  credential: Credential | undefined,
  { sent = [] }: Pick<Recorded, 'sent'>,
): boolean => Object.keys(credential?.headers ?? {}).some((name) => sent.includes(name));
