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
import { byRoute, type Draft, draftPact, type Exchange, isDrafted } from './record/draft-pact.ts';
import {
  type Answer,
  answerOf,
  type Recorded,
  recordedAnswers,
} from './record/recorded-answers.ts';
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
    const { definition, monolith, routes, unread } = await prepare(kit, options);
    const verify = await loadVerifier();
    const { exchanges, asked } = await exchangesOf(kit, monolith, routes, options.limit ?? 50);
    const { pact, ...drafted } = draftPact({
      provider: definition.contracts?.provider ?? definition.context,
      consumer: options.consumer ?? 'recorded-traffic',
      routes,
      exchanges,
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
      verified: await verified(kit, { verify, monolith, text, pact }),
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
    const { definition, monolith, routes } = await prepare(kit, options);
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
  return { definition, monolith, routes, unread };
}

async function exchangesOf(
  kit: Toolkit,
  monolith: string,
  routes: Prepared['routes'],
  limit: number,
): Promise<{ exchanges: Exchange[]; asked: number }> {
  const exchanges: Exchange[] = [];
  let asked = 0;
  for (const [route, recorded] of routes) {
    if (!isDrafted(route)) continue;
    const found = (each: Recorded, answer: Answer): void =>
      void exchanges.push({
        route,
        target: each.target,
        answer,
        ...(each.accept !== undefined && { accept: each.accept }),
      });
    for (const each of recorded) if (each.answer && each.method === 'GET') found(each, each.answer);
    for (const each of toAsk(route.definition.path, recorded, limit)) {
      kit.tell('record', `GET ${each.target}`, 'update');
      found(each, await askMonolith(kit, `${monolith}${each.target}`, each.accept));
      asked += 1;
    }
  }
  return { exchanges, asked };
}

/** As nobody: what needs a login is drafted as what strangers get. */
async function askMonolith(kit: Toolkit, url: string, accept: string | undefined): Promise<Answer> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([kit.signal, AbortSignal.timeout(15_000)]),
      ...(accept !== undefined && { headers: { accept } }),
    });
    const text = await response.text();
    return answerOf(
      response.status,
      (name) => response.headers.get(name) ?? undefined,
      () => text,
    );
  } catch (cause) {
    throw new StranglerError('PACTS_UNREACHABLE', `The monolith does not answer at ${url}`, {
      cause,
    });
  }
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
  }: {
    verify: Awaited<ReturnType<typeof loadVerifier>>;
    monolith: string;
    text: string;
    pact: Draft['pact'];
  },
): Promise<readonly InteractionResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pact-draft-'));
  try {
    await writeFile(join(folder, 'draft.json'), text);
    const { monolith: result } = await verify({
      pactsDir: folder,
      provider: (pact.provider as { readonly name: string }).name,
      sides: { monolith: { url: monolith, states: { present: 'what was recorded is there' } } },
      signal: kit.signal,
    });
    return result?.interactions ?? [];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
