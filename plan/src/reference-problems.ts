import type { MigrationDefinition } from './migration.ts';
import { replicates } from './stages.ts';

/** What is wrong with one field of a context file. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

/** What only makes sense where requests come in, or rows go back. */
const notForReferences = [
  'identity',
  'standInSeconds',
  'noWriteRoutes',
  'reads',
  'sequences',
  'writtenTogether',
  'contracts',
  'cutover',
] as const satisfies readonly (keyof MigrationDefinition)[];

/** Of a context with data `reference`: its rows go one way, for good. */
export function referenceProblems(definition: MigrationDefinition): Problem[] {
  if (definition.data !== 'reference') return [];
  const problems: Problem[] = notForReferences
    .filter((field) => definition[field] !== undefined)
    .map((field) => ({
      field,
      message: "is not for data: 'reference': it has no requests, and nothing of it goes back",
    }));
  if (definition.routes.length > 0)
    problems.push({
      field: 'routes',
      message: "must be empty: data 'reference' has no requests, those of contexts that read it do",
    });
  (definition.tables ?? []).forEach((table, index) => {
    for (const field of ['leave', 'ids'] as const)
      if (table[field] !== undefined)
        problems.push({
          field: `tables[${index}].${field}`,
          message: "is not for data: 'reference': nothing of it goes back",
        });
  });
  return problems;
}

interface InFile {
  readonly definition: MigrationDefinition;
  readonly file: string;
}

/** Whether contexts name what they read: each a reference, in the database that their own service reads. */
export const readsProblems = (contexts: readonly InFile[]): string[] =>
  contexts.flatMap(({ definition, file }) =>
    (definition.reads ?? []).flatMap((name, index) => {
      const field = `${file}: reads[${index}]`;
      const read = contexts.find((one) => one.definition.context === name)?.definition;
      if (read === undefined) return [`${field} "${name}" is no context of this folder`];
      if (read.data !== 'reference')
        return [
          `${field} "${name}" has data '${read.data}': only contexts with data 'reference' can be read`,
        ];
      const [theirs, ours] = [read, definition].map(({ service }) =>
        JSON.stringify(service.database),
      );
      return replicates(definition.data) && theirs !== ours
        ? [
            `${field} "${name}" keeps its tables in ${theirs}, and service.database here is ${ours}: ` +
              'a service can read only what is in its own',
          ]
        : [];
    }),
  );

/** `items` and `public.items` are one table. */
const qualified = (table: string): string => (table.includes('.') ? table : `public.${table}`);

/** Whether a reference takes rows of a monolith table that a context maps. */
export const carriesOn = (reference: MigrationDefinition, owner: MigrationDefinition): boolean => {
  const tables = new Set((owner.tables ?? []).map(({ monolith }) => qualified(monolith)));
  return (
    reference.data === 'reference' &&
    reference.context !== owner.context &&
    JSON.stringify(reference.monolith.database) === JSON.stringify(owner.monolith.database) &&
    (reference.tables ?? []).some(({ monolith }) => tables.has(qualified(monolith)))
  );
};

/** A reference that fills a table which another context fills would overwrite its rows, and lift its fence. */
export function sharedTargets(contexts: readonly InFile[]): string[] {
  const parts = contexts.flatMap(({ definition, file }) =>
    (definition.tables ?? []).flatMap((table, index) =>
      table.service.map((part, at) => ({
        definition,
        key: `${JSON.stringify(definition.service.database)} ${qualified(part.table)}`,
        table: part.table,
        where: `${file} tables[${index}]`,
        field: `${file}: tables[${index}].service[${at}].table`,
      })),
    ),
  );
  return parts.flatMap((part, index) => {
    const other = parts
      .slice(0, index)
      .find((one) => one.key === part.key && one.definition !== part.definition);
    const isReference = [part, other].some((one) => one?.definition.data === 'reference');
    return other === undefined || !isReference
      ? []
      : [`${part.field} "${part.table}" belongs to ${other.where} already`];
  });
}
