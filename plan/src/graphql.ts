import {
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  Kind,
  type SelectionSetNode,
} from 'graphql/language/index.js';
import { parse } from 'graphql/language/parser.js';
import type { Operation } from './routing/operations.ts';

/** A GraphQL document, as far as it matters whose it is. */
export type ReadDocument =
  | { readonly kind: 'operations'; readonly operations: readonly Operation[] }
  /** No server takes it for a mutation: there is no such word in it. */
  | { readonly kind: 'nonsense'; readonly because: string }
  /** A server may read more than is read here. */
  | { readonly kind: 'unreadable'; readonly because: string };

/** Words and marks; real documents have hundreds. */
const mostTokens = 10_000;

/** Fragments resolved, each looked at once: a circle is the server's to refuse. Directives are ignored: what may be asked counts. */
function rootFields(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly string[] {
  const fields = new Set<string>();
  const seen = new Set<string>();
  const waiting: SelectionSetNode[] = [operation.selectionSet];
  for (const set of waiting)
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) fields.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) waiting.push(selection.selectionSet);
      else {
        const name = selection.name.value;
        const fragment = seen.has(name) ? undefined : fragments.get(name);
        seen.add(name);
        if (fragment) waiting.push(fragment.selectionSet);
      }
    }
  return [...fields];
}

/**
 * The operations of a GraphQL document with their root fields; never throws.
 *
 * @example
 * ```ts
 * import { readDocument } from '@strangler-toolkit/plan/graphql';
 *
 * const read = readDocument('{ shop: products { id } }');
 * if (read.kind === 'operations') console.log(read.operations[0]?.fields); // ['products']
 * ```
 */
export function readDocument(text: string): ReadDocument {
  try {
    const { definitions } = parse(text, {
      noLocation: true,
      maxTokens: mostTokens,
      allowLegacyFragmentVariables: true,
    });
    const fragments = new Map<string, FragmentDefinitionNode>();
    const operations: OperationDefinitionNode[] = [];
    for (const definition of definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const name = definition.name.value;
      if (fragments.has(name))
        return { kind: 'unreadable', because: `the document has the fragment ${name} twice` };
      fragments.set(name, definition);
    }
    if (operations.length === 0) return { kind: 'nonsense', because: 'there is no operation' };
    return {
      kind: 'operations',
      operations: operations.map((operation) => ({
        type: operation.operation,
        name: operation.name?.value,
        fields: rootFields(operation, fragments),
      })),
    };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    if (error instanceof RangeError)
      return { kind: 'unreadable', because: 'the document is nested too deep' };
    const whole = because.endsWith('Parsing aborted.');
    if (whole) return { kind: 'unreadable', because: 'the document has too many words' };
    return /mutation/.test(text)
      ? { kind: 'unreadable', because: `the document cannot be read: ${because}` }
      : { kind: 'nonsense', because };
  }
}

/** Which of a document's operations a request is for; a text says why that is not certain. */
export function selectOperation(
  operations: readonly Operation[],
  names: readonly string[],
): Operation | string {
  const [only, ...more] = operations;
  // a server that looks at the name refuses another one, and does nothing
  if (only && more.length === 0) return only;
  const [name, ...others] = new Set(names.filter((one) => one !== ''));
  if (name === undefined || others.length > 0)
    return 'the document has several operations, and which one is meant is not certain';
  const named = operations.filter((operation) => operation.name === name);
  const [found, ...twice] = named;
  return found && twice.length === 0 ? found : `the document has not one operation ${name}`;
}
