import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StranglerError } from '@strangler-toolkit/plan';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { planned, type Step } from '../step.ts';
import type { Toolkit } from '../toolkit.ts';
import { type Credential, stateValues, withoutValues } from './record/credential.ts';
import { type Draft, draftPact } from './record/draft-pact.ts';
import {
  askedExchanges,
  plannedRequests,
  readTraffic,
  type TrafficOptions,
} from './record/traffic.ts';
import { type InteractionResult, loadVerifier } from './verifier.ts';

export interface RecordOptions extends TrafficOptions {
  /** Folder of the draft (default `pact-drafts`). */
  readonly out?: string;
  /** Whose expectations these are to become (default `recorded-traffic`). */
  readonly consumer?: string;
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
  /** The draft, asked of the monolith. */
  readonly verified: readonly InteractionResult[];
}

/** Recorded requests of a context's reads, and what they were answered, as a pact that somebody can begin with. */
export const contractsRecord: Step<RecordOptions, RecordResult> = {
  async execute(kit, options) {
    const traffic = await readTraffic(kit, options);
    const { definition, monolith, routes, unread, credential } = traffic;
    const verify = await loadVerifier();
    const { exchanges, asked } = await askedExchanges(kit, options, traffic);
    const { pact, ...drafted } = draftPact({
      provider: definition.contracts?.provider ?? definition.context,
      consumer: options.consumer ?? 'recorded-traffic',
      routes,
      exchanges,
      ...(credential && { credential }),
    });
    if (drafted.interactions.length === 0)
      throw new StranglerError(
        'CONFIG_INVALID',
        `${options.traffic} holds no answer to a read of ${definition.context} that could be drafted: ` +
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
      verified: await verified(kit, { verify, monolith, text, pact, credential }),
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

/** In a folder of its own: other drafts may lie beside it. Its states are there, because there it was recorded. */
async function verified(
  kit: Toolkit,
  {
    verify,
    monolith,
    text,
    pact,
    credential,
  }: {
    verify: Awaited<ReturnType<typeof loadVerifier>>;
    monolith: string;
    text: string;
    pact: Draft['pact'];
    credential: Credential | undefined;
  },
): Promise<readonly InteractionResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pact-draft-'));
  try {
    await writeFile(join(folder, 'draft.json'), text);
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
