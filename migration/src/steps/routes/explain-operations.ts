import {
  claimOperations,
  type CompiledRoute,
  homeOf,
  type MigrationDefinition,
  type Operation,
  type RoutesExplained,
  type Understood,
  type WhoseOperations,
  whoseOperations,
} from '@strangler-toolkit/plan';
import { readDocument, selectOperation } from '@strangler-toolkit/plan/graphql';
import type { Toolkit } from '../toolkit.ts';
import { knownOwners, viewOf } from './owners.ts';

/** What a request asks GraphQL for, and whose that is. */
export interface GraphQlExplained {
  /** `query Search { items, stock }`; null where the document is not known or cannot be read. */
  readonly operation: string | null;
  /** `not-said`: the document was not given. */
  readonly outcome: WhoseOperations<CompiledRoute>['kind'] | 'not-said';
  readonly because: string | null;
  /** Routes that claim part of it. */
  readonly routes: readonly string[];
  /** Root fields that no GraphQL route claims. */
  readonly others: readonly string[];
}

export interface OperationAsked {
  readonly document: string;
  readonly operation?: string | undefined;
}
interface Claimed {
  readonly claim: CompiledRoute | undefined;
  readonly graphql: GraphQlExplained;
  readonly verdict: RoutesExplained['verdict'];
}

const nameOf = ({ context, definition }: CompiledRoute): string => `${context}.${definition.name}`;
const textOf = ({ type, name, fields }: Operation): string =>
  `${[type, ...(name === undefined ? [] : [name])].join(' ')} { ${fields.join(', ')} }`;

function understood({ document, operation }: OperationAsked): Understood {
  const read = readDocument(document);
  if (read.kind === 'unreadable') return read;
  if (read.kind === 'nonsense') return { kind: 'nothing' };
  const selected = selectOperation(read.operations, [operation ?? '']);
  return typeof selected === 'string'
    ? { kind: 'unreadable', because: selected }
    : { kind: 'operations', operations: [selected] };
}

function becauseOf(whose: WhoseOperations<CompiledRoute>, asked: Understood): string | null {
  if (whose.kind === 'unreadable') return whose.because;
  if (whose.kind === 'monolith') return asked.kind === 'unreadable' ? asked.because : null;
  return whose.kind === 'two-owners' ? whose.who.join(' and ') : null;
}

/** Which of a path's GraphQL routes claims an operation, as a facade finds it. */
export async function explainOperations(
  kit: Toolkit,
  {
    found,
    definitionOf,
    asked,
  }: {
    readonly found: RoutesExplained;
    readonly definitionOf: (route: CompiledRoute) => MigrationDefinition | undefined;
    readonly asked: OperationAsked | undefined;
  },
): Promise<Claimed> {
  const { claim: endpoint, beside } = found;
  const routes = endpoint?.operations ?? [];
  const nothing = { operation: null, because: null, routes: [], others: [] };
  if (asked === undefined)
    return {
      claim: undefined,
      graphql: { ...nothing, outcome: 'not-said', routes: routes.map(nameOf) },
      verdict: 'claimed',
    };
  const definitions = [...routes, ...(beside ? [beside] : [])].flatMap(
    (route) => definitionOf(route) ?? [],
  );
  const { rows } = await knownOwners(kit, definitions);
  const views = new Map(
    definitions.map((one) => [one.context, homeOf(viewOf(one, rows.get(one.context)))]),
  );
  const known = understood(asked);
  const operations = known.kind === 'operations' ? known.operations : [];
  const claimed = claimOperations(routes, operations);
  const whose = whoseOperations({
    routes,
    beside,
    understood: known,
    homeOf: (context) => views.get(context) ?? 'monolith',
  });
  const [operation] = operations.map(textOf);
  const graphql: GraphQlExplained = {
    operation: operation ?? null,
    outcome: whose.kind,
    because: becauseOf(whose, known),
    routes: claimed.routes.map(nameOf),
    others: claimed.others,
  };
  switch (whose.kind) {
    case 'one':
      return { claim: whose.route, graphql, verdict: 'claimed' };
    case 'nobody':
      return {
        claim: whose.beside,
        graphql,
        verdict: whose.beside ? 'claimed' : 'unclaimed',
      };
    case 'monolith':
      return { claim: undefined, graphql, verdict: 'unclaimed' };
    case 'two-owners':
    case 'unknown-document':
    case 'unreadable':
      return { claim: undefined, graphql, verdict: 'refused' };
  }
}
