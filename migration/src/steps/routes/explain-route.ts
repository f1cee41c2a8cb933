import { createHash } from 'node:crypto';
import {
  type CompiledRoute,
  compileRoutes,
  explainRoutes,
  flagName,
  identityReader,
  isStranglerError,
  killFlagName,
  mirrorsAt,
  type MigrationDefinition,
  type OwnerView,
  shadowFlagName,
  targetAsItCame,
} from '@strangler-toolkit/plan';
import type { StandingPins } from '../../control/pins.ts';
import type { FlagState } from '../../flags/index.ts';
import { type TesterShown, testerShown } from '../tester-token.ts';
import type { Toolkit } from '../toolkit.ts';
import {
  explainOperations,
  type GraphQlExplained,
  type OperationAsked,
} from './explain-operations.ts';
import { type RouteRow, rowOf } from './list-routes.ts';
import { knownOwners, viewOf } from './owners.ts';
import { type Answer, whoAnswers } from './who-answers.ts';

export interface ExplainOptions {
  readonly method: string;
  /** The request target, as a client spells it. */
  readonly target: string;
  /** The values of each line by name, in lower case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Of a request to a path with GraphQL routes: its document, and which of its operations is meant. */
  readonly graphql?: OperationAsked | undefined;
}

interface Flags {
  readonly killed: boolean;
  readonly route: FlagState | null;
  readonly shadow: FlagState | null;
  readonly problem: string | null;
}

export interface RouteExplanation {
  readonly request: { readonly method: string; readonly target: string };
  readonly verdict: 'claimed' | 'unclaimed' | 'refused';
  /** Of what is refused. */
  readonly because: string | null;
  readonly canonical: string | null;
  /** What the upstream is asked. */
  readonly upstreamTarget: string | null;
  /** A method that the application may take instead of the one that is named. */
  readonly override: string | null;
  readonly readings: readonly {
    readonly path: string;
    readonly because: string;
    readonly route: string | null;
  }[];
  readonly route: RouteRow | null;
  /** Of a path with GraphQL routes. */
  readonly graphql: GraphQlExplained | null;
  readonly ownersProblem: string | null;
  readonly held: boolean;
  readonly flags: Flags | null;
  /** Percentages stick to these sources; how many of them the request has. */
  readonly identity: { readonly sources: readonly string[]; readonly found: number } | null;
  /** Of a read of replicated data whose owner is known. */
  readonly pins: StandingPins | null;
  /** Of a request that shows a tester's token. */
  readonly tester: TesterShown | null;
  /** Share of reads that are mirrored to the other side, percent; null: not known. */
  readonly shadowPercent: number | null;
  /** Empty: nobody, or not known. */
  readonly answers: readonly Answer[];
  readonly others: readonly {
    readonly route: string;
    readonly method: string;
    readonly path: string;
    readonly because: string;
    readonly pathFits: boolean;
    readonly shared: number;
  }[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const searchOf = (target: string): string => /\?.*/s.exec(target)?.[0] ?? '';
const nameOf = ({ context, definition }: CompiledRoute): string => `${context}.${definition.name}`;

async function readFlags(kit: Toolkit, context: string, route: string): Promise<Flags> {
  const nothing = { killed: false, route: null, shadow: null };
  if (!kit.hasFlagWriter)
    return { ...nothing, problem: 'neither UNLEASH_URL nor STRANGLER_CONTROL_URL is set' };
  try {
    const names = [killFlagName(context), flagName(context, route), shadowFlagName(context, route)];
    const [kill, steered, shadow] = await kit.flagWriter().readAll(names, context);
    return {
      killed: (kill?.percent ?? 0) > 0,
      route: steered ?? null,
      shadow: shadow ?? null,
      problem: null,
    };
  } catch (error) {
    if (!isStranglerError(error)) throw error;
    return { ...nothing, problem: `${error.code}: ${error.message}` };
  }
}

/** Of replicated data only: others have nothing that could lag. */
async function readPins(
  kit: Toolkit,
  view: OwnerView,
  { context, identities }: { readonly context: string; readonly identities: readonly string[] },
): Promise<StandingPins | null> {
  if (!view.known || view.dataKind !== 'replicated') return null;
  return (await kit.control()).pins.standing(context, identities);
}

function shadowOf(view: OwnerView, flags: Flags, kind: 'read' | 'write'): number | null {
  if (kind === 'write') return 0;
  if (view.dataKind === 'replicated' && !mirrorsAt(view.stage)) return 0;
  return flags.shadow?.percent ?? null;
}

type Served = Pick<
  RouteExplanation,
  | 'route'
  | 'ownersProblem'
  | 'held'
  | 'flags'
  | 'identity'
  | 'pins'
  | 'tester'
  | 'shadowPercent'
  | 'answers'
>;

async function served(
  kit: Toolkit,
  claim: CompiledRoute,
  { definition, options }: { definition: MigrationDefinition; options: ExplainOptions },
): Promise<Served> {
  const { context } = claim;
  const { name, kind } = claim.definition;
  const { rows, problem } = await knownOwners(kit, [definition]);
  const row = rows.get(context);
  const view = viewOf(definition, row);
  const flags = await readFlags(kit, context, name);
  const search = searchOf(options.target);
  const sources = definition.identity ?? [];
  const reader = identityReader(sources, sha256);
  const shown = { headers: options.headers, search };
  const identities = reader.all(shown);
  const pins = kind === 'read' ? await readPins(kit, view, { context, identities }) : null;
  const freshness = pins === null || (pins.streams && pins.since === null) ? 'fresh' : 'pinned';
  const tester = await testerShown(kit, options.headers);
  const wanted = tester?.contexts.includes(context) ? tester.side : null;
  const undecided = view.dataKind === 'replicated' && !view.known;
  return {
    route: rowOf(claim, definition, row),
    ownersProblem: problem,
    held: row?.held ?? false,
    flags,
    identity: { sources, found: identities.length },
    pins,
    tester,
    shadowPercent: undecided ? null : shadowOf(view, flags, kind),
    answers: undecided
      ? []
      : whoAnswers({
          kind,
          view,
          freshness,
          killed: flags.killed,
          flag: flags.route,
          identity: reader.first(shown),
          ...(wanted !== null && { tester: wanted }),
        }),
  };
}

const nobodys: Served = {
  route: null,
  ownersProblem: null,
  held: false,
  flags: null,
  identity: null,
  pins: null,
  tester: null,
  shadowPercent: 0,
  answers: [],
};

/** Whose a request is and who would answer it now, as a facade with these context files decides. */
export async function explainRoute(
  kit: Toolkit,
  options: ExplainOptions,
): Promise<RouteExplanation> {
  const { method, target, headers } = options;
  const contexts = await kit.contexts();
  const table = compileRoutes([...contexts.values()].map(({ definition }) => definition));
  const found = explainRoutes(table, { method, url: target, headers, headersDistinct: headers });
  const { verdict } = found;
  const definitionOf = (route: CompiledRoute | undefined): MigrationDefinition | undefined =>
    route && contexts.get(route.context)?.definition;
  const inTarget = new URLSearchParams(searchOf(target)).get('query');
  const graphql = options.graphql ?? (inTarget === null ? undefined : { document: inTarget });
  const asked = found.claim?.operations
    ? await explainOperations(kit, { found, definitionOf, asked: graphql })
    : { claim: found.claim, graphql: null, verdict };
  const definition = definitionOf(asked.claim);
  const reason = asked.graphql?.outcome === 'monolith' ? 'owner' : 'unclaimed';
  const nobody: Served = {
    ...nobodys,
    answers: asked.verdict === 'unclaimed' ? [{ target: 'monolith', reason, percent: 100 }] : [],
  };
  const upstreamTarget = {
    claimed: asked.claim && found.target,
    unclaimed: found.claim ? targetAsItCame({ method, url: target }) : found.target,
    refused: undefined,
  }[asked.verdict];
  return {
    request: { method, target },
    verdict: asked.verdict,
    because: found.because ?? null,
    canonical: found.canonical ?? null,
    upstreamTarget: upstreamTarget ?? null,
    override: found.override ?? null,
    readings: found.readings.map(({ path, because, claim: other }) => ({
      path,
      because,
      route: other ? nameOf(other) : null,
    })),
    ...(asked.claim && definition
      ? await served(kit, asked.claim, { definition, options })
      : nobody),
    graphql: asked.graphql,
    others: found.others
      .filter(({ route }) => route !== asked.claim)
      .map(({ route, because, pathFits, shared }) => ({
        route: nameOf(route),
        method: route.definition.method,
        path: route.definition.path,
        because,
        pathFits,
        shared,
      })),
  };
}
