import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StranglerError } from '@strangler-toolkit/plan';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { planned, type Step } from '../step.ts';
import type { Toolkit } from '../toolkit.ts';
import { type Credential, stateValues, withoutValues } from './record/credential.ts';
import { recordedWrites } from './openapi/recorded-writes.ts';
import { type Draft, type Drafted, draftPact, type Exchange } from './record/draft-pact.ts';
import {
  askedExchanges,
  plannedRequests,
  readTraffic,
  sourceOf,
  type TrafficOptions,
} from './record/traffic.ts';
import { type InteractionResult, loadVerifier } from './verifier.ts';

export interface RecordOptions extends TrafficOptions {
  /** Folder of the draft (default `pact-drafts`). */
  readonly out?: string;
  /** Whose expectations these are to become (default `recorded-traffic`). */
  readonly consumer?: string;
  /** Drafted writes are verified too: the monolith is sent them, with what is made up. */
  readonly writes?: boolean;
  /** Sees what came out before a draft that does not hold is thrown. */
  readonly onResult?: (result: RecordResult) => void;
}

export interface RecordResult extends Omit<Draft, 'pact'> {
  readonly context: string;
  readonly file: string;
  readonly monolith: string;
  /** How many requests of the recording were asked again, because it held no answer. */
  readonly asked: number;
  /** Lines of the recording that are no request. */
  readonly unread: number;
  /** The draft, asked of the monolith; of writes only where that was wanted. */
  readonly verified: readonly InteractionResult[];
}

/** Recorded requests of a context, and what they were answered, as a pact that somebody can begin with. */
export const contractsRecord: Step<RecordOptions, RecordResult> = {
  async execute(kit, options) {
    const traffic = await readTraffic(kit, options);
    const { definition, monolith, routes, unread, credential, gaps } = traffic;
    const verify = await loadVerifier();
    const { exchanges: reads, asked } = await askedExchanges(kit, options, traffic);
    const writes = recordedWrites(routes, credential)
      .filter(isWhole)
      // Whoever was not let in was a stranger, whatever was sent.
      .map((each) => (each.answer.status === 401 ? { ...each, signedIn: false } : each));
    const { pact, ...drafted } = draftPact({
      provider: definition.contracts?.provider ?? definition.context,
      consumer: options.consumer ?? 'recorded-traffic',
      routes,
      exchanges: [...reads, ...writes],
      gaps,
      ...(credential && { credential }),
    });
    if (drafted.interactions.length === 0)
      throw new StranglerError(
        'CONFIG_INVALID',
        `${sourceOf(options)} holds no answer of ${definition.context} that could be drafted: ` +
          drafted.coverage.map(({ route, gaps }) => `${route}: ${gaps.join(', ')}`).join('; '),
        { remedy: 'Record requests of these routes, or begin with a consumer test.' },
      );
    const text = `${JSON.stringify(pact, null, 2)}\n`;
    const file = await written(definition, options, text);
    const result: RecordResult = {
      context: definition.context,
      file,
      monolith,
      asked,
      unread,
      ...drafted,
      verified: await verified(kit, {
        verify,
        monolith,
        pact: options.writes ? pact : withoutWrites(pact, drafted.interactions),
        credential,
      }),
    };
    options.onResult?.(result);
    const silent = result.verified.find(({ verdict }) => verdict === 'unreachable');
    if (silent) throw new StranglerError('PACTS_UNREACHABLE', silent.mismatch);
    const broken = result.verified.filter(({ ok }) => !ok);
    if (broken.length > 0)
      throw new StranglerError(
        'PACTS_FAILED',
        `${broken.length} of ${result.verified.length} drafted interactions do not hold on the monolith at ${monolith}`,
        {
          remedy:
            'Record on the monolith that is asked, or take out what differs from one answer to the next.',
          details: { ...result },
        },
      );
    return result;
  },
  async dryRun(kit, options) {
    const traffic = await readTraffic(kit, options);
    return planned([
      ...plannedRequests(options, traffic),
      { action: 'write the draft', detail: fileOf(traffic.definition, options) },
      { action: 'verify it against the monolith', detail: traffic.monolith },
    ]);
  },
};

const fileOf = ({ context, contracts }: MigrationDefinition, options: RecordOptions): string =>
  join(
    options.out ?? 'pact-drafts',
    `${options.consumer ?? 'recorded-traffic'}-${contracts?.provider ?? context}.json`,
  );

async function written(
  definition: MigrationDefinition,
  options: RecordOptions,
  text: string,
): Promise<string> {
  const file = fileOf(definition, options);
  await mkdir(options.out ?? 'pact-drafts', { recursive: true });
  await writeFile(file, text);
  return file;
}

/** A status alone, as logs have it, is no answer to draft from. */
const isWhole = ({ answer }: Exchange): boolean =>
  answer.body !== undefined || answer.status === 204;

function withoutWrites(pact: Draft['pact'], drafted: readonly Drafted[]): Draft['pact'] {
  const writes = new Set(drafted.filter(({ write }) => write).map((each) => each.description));
  const interactions = pact.interactions as readonly { readonly description: string }[];
  return {
    ...pact,
    interactions: interactions.filter(({ description }) => !writes.has(description)),
  };
}

/** In a folder of its own: other drafts may lie beside it. Its states are there, because there it was recorded. */
async function verified(
  kit: Toolkit,
  {
    verify,
    monolith,
    pact,
    credential,
  }: {
    verify: Awaited<ReturnType<typeof loadVerifier>>;
    monolith: string;
    pact: Draft['pact'];
    credential: Credential | undefined;
  },
): Promise<readonly InteractionResult[]> {
  if ((pact.interactions as readonly unknown[]).length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'pact-draft-'));
  try {
    await writeFile(join(folder, 'draft.json'), JSON.stringify(pact));
    const { monolith: result } = await verify({
      pactsDir: folder,
      provider: (pact.provider as { readonly name: string }).name,
      sides: {
        monolith: {
          url: monolith,
          states: {
            present: 'what was recorded is there',
            ...(credential && { values: stateValues(credential) }),
          },
        },
      },
      signal: kit.signal,
    });
    return (result?.interactions ?? []).map(({ mismatch, ...rest }) => ({
      ...rest,
      mismatch: withoutValues(mismatch, credential),
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
