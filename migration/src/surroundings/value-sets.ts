import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type { ColumnCatalog } from '../database/catalog.ts';
import { describeCollation } from '../database/collation.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { equalOtherTexts } from '../mapping/different-meaning.ts';
import { mappedColumns } from './mapped-columns.ts';
import type { Surrounding } from './surrounding.ts';

/** What a column's own type asks of its values. Labels of two enums are compared when the mapping is compiled. */
function asked(column: ColumnCatalog, other: ColumnCatalog): string[] {
  const labels = column.enumLabels;
  const fewer =
    labels !== null &&
    (other.enumLabels === null || other.enumLabels.some((label) => !labels.includes(label)))
      ? [`one of ${labels.map((label) => `'${label}'`).join(', ')}`]
      : [];
  return [...fewer, ...(column.domainChecks ?? [])].filter(
    (one) => !(other.domainChecks ?? []).includes(one) && !(one === 'NOT NULL' && other.notNull),
  );
}

const foldedBy = ({ deterministic, collation }: ColumnCatalog): string =>
  deterministic === false && collation ? describeCollation(collation) : (collation?.folding ?? '');

/** Columns of which one side takes values that the other refuses: such a row waits as a dead letter, or ends the copy. */
export function valueSurroundings(
  mapping: CompiledMapping,
  definition: MigrationDefinition,
): Surrounding[] {
  const columns = mappedColumns(mapping);
  const found = columns.flatMap(({ name, link, monolith, service, serviceName }): Surrounding[] => {
    if (link.conversion !== null) return [];
    const [here, there] = [asked(monolith, service), asked(service, monolith)];
    const told = [
      ...(there.length > 0
        ? [
            `${serviceName} of the service takes only ${there.join(' and ')}, which the monolith does not hold to`,
          ]
        : []),
      ...(here.length > 0
        ? [
            `${name} of the monolith takes only ${here.join(' and ')}, which the service does not hold to`,
          ]
        : []),
      ...(equalOtherTexts(monolith, service)
        ? [
            `${name} takes other texts for equal (${foldedBy(monolith)}) than ${serviceName} (${foldedBy(service)})`,
          ]
        : []),
    ].join('; ');
    if (told === '') return [];
    const [about, kind] = [`values ${name}`, 'values' as const];
    const decided = definition.values?.[name];
    if (decided) return [{ kind, about, decision: `${decided.reason} (${told})` }];
    return [
      {
        kind,
        about,
        decision: null,
        problem: `${told}: a row with another value is refused there`,
        remedy:
          `Give both columns the same type and CHECK, or contexts/${definition.context}: values['${name}']: ` +
          `{ reason: 'why no such value comes' }`,
      },
    ];
  });
  const unknown = Object.keys(definition.values ?? {})
    .filter((name) => columns.every((column) => column.name !== name))
    .map((name): Surrounding => ({
      kind: 'values',
      about: `values ${name}`,
      decision: null,
      problem: 'no such column of the monolith is mapped',
      remedy: `Mend or remove contexts/${definition.context}: values['${name}']`,
    }));
  return [...found, ...unknown];
}
