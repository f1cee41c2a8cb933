import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CompiledRoute,
  resolveSetting,
  StranglerError,
  unknownName,
} from '@strangler-toolkit/plan';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { planned, type Step } from '../step.ts';
import type { Toolkit } from '../toolkit.ts';
import { exchangesOf } from './record/ask-monolith.ts';
import {
  type Credential,
  readCredential,
  stateValues,
  withoutValues,
} from './record/credential.ts';
import { byRoute, type Draft, draftPact, isDrafted } from './record/draft-pact.ts';
import { type Recorded, recordedAnswers } from './record/recorded-answers.ts';
import { toAsk } from './record/to-ask.ts';
import { type InteractionResult, loadVerifier } from './verifier.ts';

export interface RecordOptions {
  readonly context: string;
  /** HAR file, access log or JSON lines with requests that were made. */
  readonly traffic: string;
  /** Who is asked (default: the context's monolith, because what was recorded is there). */
  readonly monolith?: string;
  /** One route only: `GET /x`, or its name. */
  readonly route?: string;
  /** Folder of the draft (default `pact-drafts`). */
  readonly out?: string;
  /** Whose expectations these are to become (default `recorded-traffic`). */
  readonly consumer?: string;
  /** Most requests of one route that the monolith is asked again (default 50). */
  readonly limit?: number;
  /** Headers that sign somebody in, `name=env:VARIABLE` or `name=file:PATH`: sent where a stranger gets no answer, never written down. */
  readonly headers?: readonly string[];
  /** Who that is (default `a user`): the draft's state is «signed in as a user». */
  readonly as?: string;
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
    const { definition, monolith, routes, unread, credential } = await prepare(kit, options);
    const verify = await loadVerifier();
    const { exchanges, asked } = await exchangesOf(routes, {
      monolith,
      limit: options.limit ?? 50,
      credential,
      signal: kit.signal,
      tell: (target) => kit.tell('record', `GET ${target}`, 'update'),
    });
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
    const { definition, monolith, routes, credential } = await prepare(kit, options);
    const headers = Object.keys(credential?.headers ?? {}).join(', ');
    const again = [...routes].flatMap(([route, recorded]) =>
      isDrafted(route)
        ? toAsk(route.definition.path, recorded, options.limit ?? 50).map(({ target }) => target)
        : [],
    );
    return planned([
      ...again.map((target) => ({
        action: 'ask the monolith',
        detail: `GET ${monolith}${target}`,
      })),
      ...(headers === ''
        ? []
        : [{ action: 'ask what a stranger does not get once more', detail: `with ${headers}` }]),
      { action: 'write the draft', detail: fileOf(definition, options) },
      { action: 'verify it against the monolith', detail: monolith },
    ]);
  },
};

interface Prepared {
  readonly definition: MigrationDefinition;
  readonly monolith: string;
  readonly routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>;
  readonly unread: number;
  readonly credential: Credential | undefined;
}

async function prepare(kit: Toolkit, options: RecordOptions): Promise<Prepared> {
  const definition = await kit.definition(options.context);
  const monolith = (
    options.monolith ??
    resolveSetting(
      definition.monolith.url,
      kit.env,
      `monolith.url of context ${definition.context}`,
    )
  ).replace(/\/$/, '');
  const credential = await readCredential(options.headers ?? [], options.as ?? 'a user', kit.env);
  const text = await readFile(options.traffic, 'utf8').catch((cause: unknown) => {
    throw new StranglerError(
      'CONFIG_NOT_FOUND',
      `The recorded traffic ${options.traffic} cannot be read`,
      { cause, remedy: 'Name a HAR file, an access log or a file of JSON lines.' },
    );
  });
  const { recorded, unread } = recordedAnswers(text);
  const routes = byRoute(definition, recorded, options.route);
  if (routes.size === 0 && options.route !== undefined)
    throw new StranglerError(
      'ROUTE_UNKNOWN',
      `context ${definition.context} has no route ${unknownName(
        options.route,
        definition.routes.map(({ method, path }) => `${method} ${path}`),
      )}`,
    );
  return { definition, monolith, routes, unread, credential };
}

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
