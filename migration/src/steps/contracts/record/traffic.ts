import { readFile } from 'node:fs/promises';
import {
  type CompiledRoute,
  type MigrationDefinition,
  resolveSetting,
  StranglerError,
  unknownName,
} from '@strangler-toolkit/plan';
import type { PlannedAction } from '../../step.ts';
import type { Toolkit } from '../../toolkit.ts';
import { exchangesOf } from './ask-monolith.ts';
import { type Credential, readCredential } from './credential.ts';
import { byRoute, type Exchange, isDrafted } from './draft-pact.ts';
import { type Recorded, recordedAnswers } from './recorded-answers.ts';
import { readParams, shadowAnswers } from './shadow-answers.ts';
import { toAsk } from './to-ask.ts';

export interface TrafficOptions {
  readonly context: string;
  /** HAR file, access log or JSON lines with requests that were made. */
  readonly traffic?: string;
  /** Instead of a file: what facades kept of compared answers, in the control database. */
  readonly shadow?: boolean;
  /** `id=17`: values of paths and queries, which the shadow does not keep. */
  readonly params?: readonly string[];
  /** Who is asked (default: the context's monolith, because what was recorded is there). */
  readonly monolith?: string;
  /** One route only: `GET /x`, or its name. */
  readonly route?: string;
  /** Most requests of one route that the monolith is asked again (default 50). */
  readonly limit?: number;
  /** Headers that sign somebody in, `name=env:VARIABLE` or `name=file:PATH`: sent where a stranger gets no answer, never written down. */
  readonly headers?: readonly string[];
  /** Who that is (default `a user`): the draft's state is «signed in as a user». */
  readonly as?: string;
}

/** What a recording holds of a context, and who is asked for the rest. */
export interface Traffic {
  readonly definition: MigrationDefinition;
  readonly monolith: string;
  readonly routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>;
  readonly unread: number;
  readonly credential: Credential | undefined;
  /** What else the recording lacks. */
  readonly gaps: ReadonlyMap<CompiledRoute, readonly string[]>;
}

/** Where it came from, for people. */
export const sourceOf = ({ traffic }: TrafficOptions): string =>
  traffic ?? 'what the shadow kept in the control database';

/** @throws StranglerError CONFIG_NOT_FOUND, CONFIG_ENV_MISSING, ROUTE_UNKNOWN, USAGE */
export async function readTraffic(kit: Toolkit, options: TrafficOptions): Promise<Traffic> {
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
  const known = byRoute(definition, [], options.route);
  const { routes, unread, gaps } = await (options.shadow
    ? fromShadow(kit, options, known)
    : fromFile(definition, options));
  if (routes.size === 0 && options.route !== undefined)
    throw new StranglerError(
      'ROUTE_UNKNOWN',
      `context ${definition.context} has no route ${unknownName(
        options.route,
        definition.routes.map(({ method, path }) => `${method} ${path}`),
      )}`,
    );
  return { definition, monolith, routes, unread, credential, gaps };
}

type Source = Pick<Traffic, 'routes' | 'unread' | 'gaps'>;

async function fromShadow(
  kit: Toolkit,
  { context, params = [] }: TrafficOptions,
  known: ReadonlyMap<CompiledRoute, unknown>,
): Promise<Source> {
  const rows = await (await kit.control()).answerForms.list(context);
  return { ...shadowAnswers([...known.keys()], rows, readParams(params)), unread: 0 };
}

async function fromFile(definition: MigrationDefinition, options: TrafficOptions): Promise<Source> {
  const { traffic } = options;
  if (traffic === undefined)
    throw new StranglerError('USAGE', 'there is no traffic to read', {
      remedy: 'Name a recording with --traffic, or take what the shadow kept with --shadow.',
    });
  const text = await readFile(traffic, 'utf8').catch((cause: unknown) => {
    throw new StranglerError('CONFIG_NOT_FOUND', `The recorded traffic ${traffic} cannot be read`, {
      cause,
      remedy: 'Name a HAR file, an access log or a file of JSON lines.',
    });
  });
  const { recorded, unread } = recordedAnswers(text);
  return { routes: byRoute(definition, recorded, options.route), unread, gaps: new Map() };
}

const defaultLimit = 50;

export const askedExchanges = (
  kit: Toolkit,
  { limit = defaultLimit }: TrafficOptions,
  { routes, monolith, credential }: Traffic,
): Promise<{ exchanges: Exchange[]; asked: number }> =>
  exchangesOf(routes, {
    monolith,
    limit,
    credential,
    signal: kit.signal,
    tell: (target) => kit.tell('record', `GET ${target}`, 'update'),
  });

/** What the monolith would be asked. */
export function plannedRequests(
  { limit = defaultLimit }: TrafficOptions,
  { routes, monolith, credential }: Traffic,
): PlannedAction[] {
  const headers = Object.keys(credential?.headers ?? {}).join(', ');
  return [
    ...[...routes].flatMap(([route, recorded]) =>
      (isDrafted(route) ? toAsk(route.definition.path, recorded, limit) : []).map(({ target }) => ({
        action: 'ask the monolith',
        detail: `GET ${monolith}${target}`,
      })),
    ),
    ...(headers === ''
      ? []
      : [{ action: 'ask what a stranger does not get once more', detail: `with ${headers}` }]),
  ];
}
