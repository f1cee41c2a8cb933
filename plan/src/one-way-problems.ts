import type { MigrationDefinition } from './migration.ts';
import { isOneWay, type OneWayKind, replicates } from './stages.ts';

/** What is wrong with one field of a context file. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

type Field = keyof MigrationDefinition;
/** What only makes sense where rows go back. */
const ofAWayBack = ['noWriteRoutes', 'sequences', 'writtenTogether', 'cutover'] as const;
/** What only makes sense where requests come in. */
const ofRequests = ['identity', 'standInSeconds', 'reads', 'contracts'] as const;
const notFor: Readonly<
  Record<OneWayKind, { readonly fields: readonly Field[]; readonly why: string }>
> = {
  reference: {
    fields: [...ofAWayBack, ...ofRequests],
    why: 'it has no requests, and nothing of it goes back',
  },
  projection: { fields: ofAWayBack, why: 'it only answers reads, and nothing of it goes back' },
};

/** Of a reference and of a projection: its rows go one way, for good. */
export function oneWayProblems(definition: MigrationDefinition): Problem[] {
  const { data, routes } = definition;
  if (!isOneWay(data)) return [];
  const { fields, why } = notFor[data];
  const problems: Problem[] = fields
    .filter((field) => definition[field] !== undefined)
    .map((field) => ({ field, message: `is not for data: '${data}': ${why}` }));
  if (data === 'reference' && routes.length > 0)
    problems.push({
      field: 'routes',
      message: "must be empty: data 'reference' has no requests, those of contexts that read it do",
    });
  routes.forEach(({ kind, name }, index) => {
    if (data === 'projection' && kind === 'write')
      problems.push({
        field: `routes[${index}].kind`,
        message:
          `"${name}" must be a read: data 'projection' is a read model, and what writes its sources ` +
          'belongs to contexts that own them',
      });
  });
  (definition.tables ?? []).forEach((table, index) => {
    for (const field of ['leave', 'ids'] as const)
      if (table[field] !== undefined)
        problems.push({
          field: `tables[${index}].${field}`,
          message: `is not for data: '${data}': nothing of it goes back`,
        });
  });
  return problems;
}

/** A context file that was read. */
export interface InFile {
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

/** Whether a reference or a projection takes rows of a monolith table that a context maps. */
export const carriesOn = (reference: MigrationDefinition, owner: MigrationDefinition): boolean => {
  const tables = new Set((owner.tables ?? []).map(({ monolith }) => qualified(monolith)));
  return (
    isOneWay(reference.data) &&
    reference.context !== owner.context &&
    JSON.stringify(reference.monolith.database) === JSON.stringify(owner.monolith.database) &&
    (reference.tables ?? []).some(({ monolith }) => tables.has(qualified(monolith)))
  );
};

/** Rows in a table which another context fills would overwrite its rows, and lift its fence: a fence is of a table, not of its rows. */
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
    return other === undefined
      ? []
      : [`${part.field} "${part.table}" belongs to ${other.where} already`];
  });
}
