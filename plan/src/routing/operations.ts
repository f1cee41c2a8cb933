import { StranglerError } from '../errors.ts';
import type { RouteDefinition } from '../migration.ts';

/** What is needed of a compiled route. */
interface OfContext {
  readonly context: string;
  readonly definition: RouteDefinition;
}

/** One GraphQL operation, as far as it matters whose it is. */
export interface Operation {
  readonly type: 'query' | 'mutation' | 'subscription';
  readonly name: string | undefined;
  /** What it asks for at the root, fragments resolved: own names, each once. */
  readonly fields: readonly string[];
}

/** Whose a request of one or more operations is. */
export interface OperationsClaimed<Route> {
  /** Each once, in the order in which they were found. */
  readonly routes: readonly Route[];
  /** Root fields that no route claims, introspection among them. */
  readonly others: readonly string[];
  /** One of them is a mutation, or claimed by a route that is a write. */
  readonly changes: boolean;
}

type Asked = NonNullable<RouteDefinition['graphql']>;

export const typeOf = ({ kind, graphql }: RouteDefinition): Operation['type'] =>
  graphql?.type ?? (kind === 'write' ? 'mutation' : 'query');

/** In the words of a table or message: `query { product, products }`, `mutation AddProduct`. Empty of other routes. */
export function operationText(definition: RouteDefinition): readonly string[] {
  const { graphql } = definition;
  if (!graphql) return [];
  const { operations = [], fields } = graphql;
  const names = operations.length > 0 ? ` ${operations.join(' or ')}` : '';
  return [`${typeOf(definition)}${names}${fields ? ` { ${fields.join(', ')} }` : ''}`];
}

const names = ({ operations }: Asked, { name }: Operation): boolean =>
  operations === undefined || (name !== undefined && operations.includes(name));

/** For sorting: whoever names field and operation, then whoever names the field. */
const rank = ({ definition: { graphql } }: OfContext): number =>
  graphql?.fields === undefined ? 2 : graphql.operations === undefined ? 1 : 0;

/**
 * A field's own context decides: what calls itself `AddOrder` may ask for another context's field. Within a context the name of
 * the operation is the narrower claim.
 */
function claimant<Route extends OfContext>(
  candidates: readonly Route[],
  field: string,
): Route | undefined {
  const [first] = candidates
    .filter(({ definition: { graphql } }) => graphql?.fields?.includes(field) ?? true)
    .toSorted((a, b) => rank(a) - rank(b));
  if (!first || rank(first) !== 1) return first;
  const byName = candidates.find((route) => rank(route) === 2 && route.context === first.context);
  return byName ?? first;
}

/** Any server answers it, and clients put it everywhere. */
const aside = '__typename';

/** Which of the GraphQL routes of one path claim what a request asks for. */
export function claimOperations<Route extends OfContext>(
  routes: readonly Route[],
  operations: readonly Operation[],
): OperationsClaimed<Route> {
  const claimed = new Set<Route>();
  const others = new Set<string>();
  for (const operation of operations) {
    const candidates = routes.filter(
      ({ definition }) =>
        definition.graphql &&
        typeOf(definition) === operation.type &&
        names(definition.graphql, operation),
    );
    const asked = operation.fields.filter((field) => field !== aside);
    for (const field of asked.length > 0 ? asked : [aside]) {
      const route = field.startsWith('__') ? undefined : claimant(candidates, field);
      if (route) claimed.add(route);
      else others.add(field);
    }
  }
  const found = [...claimed];
  return {
    routes: found,
    others: [...others],
    changes:
      operations.some(({ type }) => type === 'mutation') ||
      found.some(({ definition: { kind } }) => kind === 'write'),
  };
}

const share = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === undefined || b === undefined || a.some((one) => b.includes(one));

/** @throws StranglerError CONFIG_INVALID for two routes of one path of which neither comes first */
export function refuseSameOperations<Route extends OfContext>(
  routes: readonly Route[],
  shown: (route: Route) => string,
): void {
  for (const [index, a] of routes.entries())
    for (const b of routes.slice(index + 1)) {
      const [left, right] = [a.definition.graphql, b.definition.graphql];
      if (!left || !right || typeOf(a.definition) !== typeOf(b.definition)) continue;
      if (rank(a) !== rank(b) || !share(left.fields, right.fields)) continue;
      if (!share(left.operations, right.operations)) continue;
      throw new StranglerError(
        'CONFIG_INVALID',
        `Routes ${shown(a)} and ${shown(b)} claim the same GraphQL operations`,
        { remedy: 'Leave the field or operation that both name to one of them.' },
      );
    }
}
