import {
  bothSides,
  type MigrationDefinition,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import { askBuild } from '../../builds.ts';
import type { Toolkit } from '../../toolkit.ts';
import type { SideResult } from '../verifier.ts';
import { buildSource } from './build-source.ts';
import { checkoutOf } from './git.ts';
import { outcomesOf } from './outcome.ts';
import type { AtBroker } from './pact-source.ts';
import { providerVersion, type Version } from './version.ts';

export interface ResultOptions {
  /** One provider only. */
  readonly side?: string;
  /** true: also outside of a pipeline; false: never. */
  readonly publishResults?: boolean;
  /** Of the one side that is verified. */
  readonly providerVersion?: string;
}

/** What became of a side's results: the version that they were published for, or why they were not. */
export type ResultsNote =
  | { readonly published: true; readonly version: string; readonly left: readonly string[] }
  | { readonly published: false; readonly why: string };

export type ResultsPublisher = (
  results: Readonly<Record<string, SideResult>>,
) => Promise<Readonly<Partial<Record<Side, ResultsNote>>>>;

const no = (why: string): ResultsNote => ({ published: false, why });

/**
 * Which version each side is, found out before it is verified: results are published for what was asked, and not for what runs
 * since. Providers that are neither side (a canary, a facade) are no version of their own.
 *
 * @throws StranglerError USAGE, CONTRACTS_VERSION_UNKNOWN where publishing was asked for by name
 */
export async function resultsPublisher(
  kit: Toolkit,
  definition: MigrationDefinition,
  asked: {
    readonly atBroker: AtBroker;
    readonly sides: Readonly<Record<string, { readonly url: string }>>;
  },
  options: ResultOptions,
): Promise<ResultsPublisher> {
  const sides = bothSides.filter((side) => side in asked.sides);
  const { providerVersion: given, publishResults } = options;
  if (given !== undefined && sides.length !== 1)
    throw new StranglerError('USAGE', '--provider-version is of one side: name it with --side');
  const because = whyNot(buildSource(kit.env).ci, publishResults);
  if (because !== undefined) return () => Promise.resolve(eachOf(sides, no(because)));
  const checkout = await checkoutOf('.');
  const seen = async (side: Side): Promise<Version> => {
    const build = await askBuild(kit, definition, side, asked.sides[side]?.url);
    return providerVersion(side, {
      own: sides.length === 1,
      ...(given !== undefined && { given }),
      ...(build !== undefined && { build }),
      ...(checkout && { checkout }),
    });
  };
  const before = new Map<Side, Version>();
  for (const side of sides) before.set(side, await seen(side));
  for (const [side, version] of before)
    if (publishResults === true && 'unknown' in version)
      throw new StranglerError(
        'CONTRACTS_VERSION_UNKNOWN',
        `results of the ${side} cannot be published, because its version is not known: ${version.unknown}`,
        {
          remedy: `Name ${side}.buildPath in the context file, or --side ${side} --provider-version.`,
        },
      );
  return async (results) => {
    const notes: Partial<Record<Side, ResultsNote>> = {};
    const sure = new Map<Side, string>();
    for (const [side, version] of before) {
      const after = await seen(side);
      if ('unknown' in version) notes[side] = no(version.unknown);
      else if ('unknown' in after || after.version !== version.version)
        notes[side] = no(`the ${side} is another build than when it was asked`);
      else sure.set(side, version.version);
    }
    for (const version of new Set(sure.values())) {
      const those = [...sure].filter(([, one]) => one === version).map(([side]) => side);
      const note = await publishOf(kit, asked.atBroker, {
        version,
        sides: those.map((side) => results[side]),
      });
      for (const side of those) notes[side] = note;
    }
    return notes;
  };
}

const whyNot = (ci: boolean, wanted: boolean | undefined): string | undefined =>
  wanted === false
    ? '--no-publish-results'
    : ci || wanted
      ? undefined
      : 'only a pipeline publishes by itself: --publish-results';

const eachOf = (sides: readonly Side[], note: ResultsNote): Partial<Record<Side, ResultsNote>> =>
  Object.fromEntries(sides.map((side) => [side, note]));

async function publishOf(
  kit: Toolkit,
  { broker, queries, pacts }: AtBroker,
  { version, sides }: { version: string; sides: readonly (SideResult | undefined)[] },
): Promise<ResultsNote> {
  const outcomeOf = outcomesOf(sides.filter((side) => side !== undefined));
  const { buildUrl } = buildSource(kit.env);
  const left: string[] = [];
  let told = 0;
  for (const { provider, branch } of queries) {
    const own = [...pacts].filter(([, pact]) => pact.provider === provider);
    const sure = own.filter(([file]) => outcomeOf(file) !== 'unknown');
    left.push(...own.filter((one) => !sure.includes(one)).map(([, { name }]) => name));
    told += sure.length;
    await broker.publishResults({
      provider,
      version,
      results: sure.map(([file, pact]) => ({ pact, success: outcomeOf(file) === 'kept' })),
      ...(branch !== undefined && { branch }),
      ...(buildUrl !== undefined && { buildUrl }),
    });
  }
  return told === 0
    ? no('of no pact it is known whether it is kept')
    : { published: true, version, left };
}
