import type { RouteDefinition, Side } from '../migration.ts';
import { claimOperations, type Operation, typeOf } from './operations.ts';

/** What is known of a request at a path with GraphQL routes. */
export type Understood =
  | { readonly kind: 'operations'; readonly operations: readonly Operation[] }
  /** Nothing that any GraphQL server would execute. */
  | { readonly kind: 'nothing' }
  /** The hash of a document that nobody has sent yet. */
  | { readonly kind: 'unknown-document' }
  /** Nobody may say what a server makes of it. */
  | { readonly kind: 'unreadable'; readonly because: string };

interface OfContext {
  readonly context: string;
  readonly definition: RouteDefinition;
}

export type WhoseOperations<Route> =
  /** `changes`: it may be a write. */
  | { readonly kind: 'nobody'; readonly beside: Route | undefined; readonly changes: boolean }
  /** One context's: a write, if one of the routes is. The first is the one that it is served and counted by. */
  | {
      readonly kind: 'one';
      readonly route: Route;
      readonly also: readonly Route[];
      /** Flags never steer it. */
      readonly atOwner: boolean;
    }
  /** The monolith has all that it asks for; `routes` are what it may touch. */
  | { readonly kind: 'monolith'; readonly routes: readonly Route[]; readonly changes: boolean }
  | { readonly kind: 'two-owners'; readonly who: readonly string[] }
  /** The client is to send the document along. */
  | { readonly kind: 'unknown-document' }
  | { readonly kind: 'unreadable'; readonly because: string };

export interface OperationsQuestion<Route> {
  /** The GraphQL routes of the path. */
  readonly routes: readonly Route[];
  /** Who claims what none of them does; undefined: it passes to the monolith. */
  readonly beside: Route | undefined;
  readonly understood: Understood;
  /** Which side has a context's data. */
  readonly homeOf: (context: string) => Side;
}

const isWrite = ({ definition: { kind } }: OfContext): boolean => kind === 'write';
const isSubscription = ({ definition }: OfContext): boolean =>
  definition.graphql !== undefined && typeOf(definition) === 'subscription';

/** Whoever answers a request answers all of it: what has two owners has none that could. */
export function whoseOperations<Route extends OfContext>({
  routes,
  beside,
  understood,
  homeOf,
}: OperationsQuestion<Route>): WhoseOperations<Route> {
  const allAtHome = (touched: readonly Route[]): boolean =>
    touched.every(({ context }) => homeOf(context) === 'monolith');
  if (understood.kind === 'nothing') return { kind: 'nobody', beside, changes: false };
  if (understood.kind !== 'operations') {
    const touched = beside ? [...routes, beside] : routes;
    return allAtHome(touched) ? { kind: 'monolith', routes: touched, changes: true } : understood;
  }
  const claimed = claimOperations(routes, understood.operations);
  const { others, changes } = claimed;
  if (claimed.routes.length === 0) return { kind: 'nobody', beside, changes };
  const touched = others.length > 0 && beside ? [...claimed.routes, beside] : claimed.routes;
  const contexts = [...new Set(touched.map(({ context }) => context))];
  const passes = others.length > 0 && !beside;
  const [first] = touched;
  if (first && contexts.length === 1 && !passes) {
    const route = touched.find(isWrite) ?? first;
    const also = touched.filter((one) => one !== route);
    return { kind: 'one', route, also, atOwner: touched.some(isSubscription) };
  }
  if (allAtHome(touched)) return { kind: 'monolith', routes: touched, changes };
  const who = passes ? [...contexts, `nobody (${others.join(', ')})`] : contexts;
  return { kind: 'two-owners', who };
}
