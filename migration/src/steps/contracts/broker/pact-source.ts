import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContractSettings, StranglerError } from '@strangler-toolkit/plan';
import { known, loadPackage, type NotRequired } from '../verifier.ts';
import type { Toolkit } from '../../toolkit.ts';
import { buildSource } from './build-source.ts';
import { checkoutOf } from './git.ts';
import {
  type Broker,
  brokerIsSet,
  openBroker,
  type PactToVerify,
  type VerificationQuery,
} from './load-broker.ts';

export interface SourceOptions {
  /** false: the folder's pacts, though a broker is set. */
  readonly broker?: boolean;
  /** Consumer version selectors as JSON, instead of the usual ones. */
  readonly selectors?: readonly string[];
  /** Of the provider (default: what the pipeline says, or git). */
  readonly branch?: string;
  readonly wipSince?: string;
}

export interface AtBroker {
  readonly broker: Broker;
  /** One for each provider. */
  readonly queries: readonly VerificationQuery[];
  /** By the name of the file that each was written to. */
  readonly pacts: ReadonlyMap<string, FetchedPact>;
}

export interface FetchedPact extends PactToVerify {
  readonly provider: string;
}

/** The pacts that are verified: a folder, and where they come from. */
export interface PactSource {
  readonly pactsDir: string;
  /** As it is shown: the folder, or the broker's address. */
  readonly from: string;
  readonly notRequired: Readonly<Record<string, NotRequired>>;
  readonly atBroker?: AtBroker;
  readonly close: () => Promise<void>;
}

/** Whether the pacts come from a broker. */
export const fromBroker = (kit: Pick<Toolkit, 'env'>, { broker }: SourceOptions): boolean =>
  broker !== false && brokerIsSet(kit);

interface Wanted extends SourceOptions {
  readonly providers: readonly string[];
  readonly publishResults?: boolean;
}

/** The folder of the context file, or what the broker wants to have verified, fetched into a folder of its own. */
export async function openPacts(
  kit: Toolkit,
  contracts: ContractSettings,
  { providers, ...options }: Wanted,
): Promise<PactSource> {
  if (!fromBroker(kit, options)) {
    refuseBrokersOptions(options);
    const pactsDir = contracts.pacts;
    return { pactsDir, from: pactsDir, notRequired: {}, close: () => Promise.resolve() };
  }
  const broker = await openBroker(kit);
  const queries: VerificationQuery[] = [];
  const pacts = new Map<string, FetchedPact>();
  for (const provider of providers) {
    const query = await queryOf(kit, provider, options);
    const listed = await broker.pactsForVerification(query);
    if (listed.length === 0)
      throw new StranglerError(
        'PACTS_NOT_FOUND',
        `the Pact Broker at ${broker.url} wants no pact of ${provider} verified`,
        {
          remedy:
            'Publish one (strangler contracts publish), or ask for others with --consumer-selector.',
        },
      );
    queries.push(query);
    for (const pact of listed)
      pacts.set(`${String(pacts.size).padStart(4, '0')}.json`, { ...pact, provider });
  }
  for (const { name, status, notices } of pacts.values())
    kit.tell(
      `broker ${name}`,
      [`${name}${status === 'required' ? '' : ` (${status})`}`, ...notices].join('\n  '),
      'note',
    );
  const pactsDir = await mkdtemp(join(tmpdir(), 'broker-pacts-'));
  const close = (): Promise<void> => rm(pactsDir, { recursive: true, force: true });
  try {
    for (const [file, { content }] of pacts)
      await writeFile(join(pactsDir, file), JSON.stringify(content));
  } catch (error) {
    await close();
    throw error;
  }
  const notRequired = Object.fromEntries(
    [...pacts].flatMap(([file, { status }]) => (status === 'required' ? [] : [[file, status]])),
  ) as Readonly<Record<string, NotRequired>>;
  return { pactsDir, from: broker.url, notRequired, atBroker: { broker, queries, pacts }, close };
}

async function queryOf(
  kit: Toolkit,
  provider: string,
  { selectors, branch, wipSince }: SourceOptions,
): Promise<VerificationQuery> {
  const of = branch ?? buildSource(kit.env).branch ?? (await checkoutOf('.'))?.branch;
  if (wipSince !== undefined && Number.isNaN(Date.parse(wipSince)))
    throw new StranglerError('USAGE', `--wip-since ${wipSince} is no day such as 2026-01-31`);
  if (wipSince !== undefined && of === undefined)
    throw new StranglerError(
      'USAGE',
      "--wip-since: what is in progress depends on the provider's branch, and neither a pipeline nor git says which it is",
      { remedy: 'Name it with --branch.' },
    );
  return {
    provider,
    ...(selectors && selectors.length > 0 && { selectors: await parsed(selectors) }),
    ...(of !== undefined && { branch: of }),
    ...(wipSince !== undefined && { wipSince }),
  };
}

async function parsed(selectors: readonly string[]): Promise<Readonly<Record<string, unknown>>[]> {
  const parse = (await loadPackage('parseSelector')) as (
    text: string,
  ) => Readonly<Record<string, unknown>>;
  try {
    return selectors.map((selector) => parse(selector));
  } catch (error) {
    throw known(error);
  }
}

/** Without a broker they would be passed over in silence. */
function refuseBrokersOptions({
  selectors,
  wipSince,
  publishResults,
}: Omit<Wanted, 'providers'>): void {
  const given = [
    ...(selectors && selectors.length > 0 ? ['--consumer-selector'] : []),
    ...(wipSince === undefined ? [] : ['--wip-since']),
    ...(publishResults ? ['--publish-results'] : []),
  ];
  if (given.length > 0)
    throw new StranglerError(
      'USAGE',
      `${given.join(' and ')}: only a Pact Broker knows what to do with it`,
      {
        remedy: 'Set PACT_BROKER_BASE_URL, and leave --no-broker away.',
      },
    );
}
