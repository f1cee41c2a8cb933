import { apart } from './apart.ts';
import { StranglerError } from './errors.ts';
import { type MappedColumn, mappedColumns } from './mapped-columns.ts';
import type { MigrationDefinition, RouteDefinition, TableMapping } from './migration.ts';
import { definitionSchema } from './definition-schema.ts';
import { appendProblems, mergeProblems } from './append-problems.ts';
import { listProblems } from './list-problems.ts';
import { oneWayProblems, type Problem, readsProblems, sharedTargets } from './one-way-problems.ts';
import { conditionsOf, conditionText } from './routing/conditions.ts';
import { operationText } from './routing/operations.ts';
import { tellingApart } from './telling-apart.ts';
import { isOneWay, replicates } from './stages.ts';

const fieldName = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');

const duplicates = (names: readonly string[]): { index: number; first: number; name: string }[] =>
  names.flatMap((name, index) => {
    const first = names.indexOf(name);
    return first < index ? [{ index, first, name }] : [];
  });

/** `items` and `public.items` are one table. */
const qualified = (table: string): string => (table.includes('.') ? table : `public.${table}`);
/** Several columns may be fields of one. */
const targetPlace = ({ gathered, mapping: { to, field } }: MappedColumn): string =>
  gathered === 'service' ? `${to} ${JSON.stringify(field)}` : to;

/** Two paths of one shape match the same requests: parameter names do not count. */
const routeShape = (route: RouteDefinition): string => {
  const path = route.path.split('/').map((segment) => (segment.startsWith(':') ? ':' : segment));
  const conditions = conditionsOf(route).map((condition) =>
    conditionText({ ...condition, values: condition.values.toSorted() }),
  );
  return [
    `${route.method} ${path.join('/')}`,
    ...conditions.toSorted(),
    ...operationText(route),
  ].join('\n');
};

function tableProblems(table: TableMapping, field: string): Problem[] {
  const problems: Problem[] = [];
  table.service.forEach((part, index) => {
    const at = `${field}.service[${index}]`;
    const columns = mappedColumns(part);
    for (const { index: at2, first, name } of duplicates(columns.map(targetPlace))) {
      problems.push({
        field: `${at}.${columns[at2]?.line}`,
        message: `writes the service column "${name}" that ${columns[first]?.from} writes already`,
      });
    }
    for (const { line, mapping } of columns) {
      const { values } = mapping;
      for (const { name } of duplicates(Object.values(values ?? {}))) {
        problems.push({
          field: `${at}.${line}.values`,
          message: `must be one-to-one: two values become ${JSON.stringify(name)}, so the way back is not known`,
        });
      }
    }
    for (const column of Object.keys(part.constants ?? {})) {
      if (columns.some(({ mapping }) => mapping.to === column))
        problems.push({
          field: `${at}.constants.${column}`,
          message: 'is mapped from a monolith column as well',
        });
    }
    for (const column of table.key ?? []) {
      if (!(column in part.columns))
        problems.push({ field: `${at}.columns`, message: `must map the key column "${column}"` });
    }
  });
  for (const column of Object.keys(table.leave ?? {})) {
    if (table.service.some((part) => mappedColumns(part).some(({ from }) => from === column)))
      problems.push({
        field: `${field}.leave.${column}`,
        message: 'is mapped as well: a column is either mapped or left',
      });
  }
  for (const [column, values] of Object.entries(table.where ?? {})) {
    const at = `${field}.where.${column}`;
    if (column in (table.leave ?? {}))
      problems.push({ field: at, message: 'is in leave as well: the condition says what returns' });
    if (table.service[0] !== undefined && column in table.service[0].columns) continue;
    if (table.service.some((part) => column in part.columns))
      problems.push({ field: at, message: 'must be mapped by the first service table' });
    else if (Array.isArray(values) && values.length > 1)
      problems.push({
        field: at,
        message:
          'has several values, so the column must be mapped: nothing else tells which one a row of the service gets',
      });
  }
  for (const { name } of duplicates(table.key ?? []))
    problems.push({ field: `${field}.key`, message: `names "${name}" twice` });
  return problems;
}

/** Several mappings of one monolith table: every row is meant by one of them at most, and known by the same key. */
function siblingProblems(tables: readonly TableMapping[]): Problem[] {
  return tables.flatMap((table, index): Problem[] => {
    const name = qualified(table.monolith);
    const earlier = tables.slice(0, index).filter((one) => qualified(one.monolith) === name);
    const met = earlier.find((one) => !apart(one.where, table.where));
    if (met !== undefined) {
      const whole = [met, table].some(({ where }) => where === undefined);
      return [
        {
          field: `tables[${index}].${whole ? 'monolith' : 'where'}`,
          message:
            `${whole ? '' : 'meets rows of another: '}"${name}" is mapped by tables[${tables.indexOf(met)}] already; ` +
            'several mappings of a table need a where each, and one column in which they name different values ' +
            "(kind: 'book', kind: 'disc')",
        },
      ];
    }
    const other = earlier.find(({ key }) => JSON.stringify(key) !== JSON.stringify(table.key));
    return other === undefined
      ? []
      : [
          {
            field: `tables[${index}].key`,
            message: `must be that of tables[${tables.indexOf(other)}]: both map rows of "${name}"`,
          },
        ];
  });
}

function meaningProblems(definition: MigrationDefinition): Problem[] {
  const problems: Problem[] = [];
  const { routes } = definition;
  for (const { index, first, name } of duplicates(routes.map((route) => route.name))) {
    problems.push({
      field: `routes[${index}].name`,
      message: `"${name}" is the name of routes[${first}] already`,
    });
  }
  for (const { index, first } of duplicates(routes.map(routeShape))) {
    problems.push({
      field: `routes[${index}].path`,
      message: `matches the same requests as routes[${first}] (${routes[first]?.method} ${routes[first]?.path})`,
    });
  }
  for (const [index, { kind, rampCeiling }] of routes.entries())
    if (kind === 'write' && rampCeiling !== undefined)
      problems.push({
        field: `routes[${index}].rampCeiling`,
        message: 'is for reads: a write has one side, and no other takes its surplus',
      });
  const writes = routes.findIndex(({ kind }) => kind === 'write');
  if (definition.noWriteRoutes !== undefined && writes >= 0)
    problems.push({
      field: 'noWriteRoutes',
      message: `says why no route is a write, and routes[${writes}] is one`,
    });
  const tables = definition.tables ?? [];
  problems.push(...oneWayProblems(definition));
  if (replicates(definition.data)) {
    const kind = definition.data;
    if (tables.length === 0)
      problems.push({
        field: 'tables',
        message: `is missing: a ${kind} context needs the tables to replicate`,
      });
    if (definition.monolith.database === undefined)
      problems.push({
        field: 'monolith.database',
        message: `is missing: a ${kind} context reads the monolith's database`,
      });
    if (definition.service.database === undefined)
      problems.push({
        field: 'service.database',
        message: `is missing: a ${kind} context has a database of its own`,
      });
  } else {
    if (tables.length > 0)
      problems.push({
        field: 'tables',
        message: `is only for data: 'replicated', 'reference' and 'projection' (this context has data: '${definition.data}')`,
      });
    if (definition.replication)
      problems.push({
        field: 'replication',
        message: `is only for data: 'replicated', 'reference' and 'projection' (this context has data: '${definition.data}')`,
      });
    if (definition.standInSeconds !== undefined)
      problems.push({
        field: 'standInSeconds',
        message: `is only for data: 'replicated' and 'projection' (this context has data: '${definition.data}')`,
      });
    if ((definition.sequences ?? []).length > 0)
      problems.push({
        field: 'sequences',
        message: `is only for data: 'replicated' (this context has data: '${definition.data}')`,
      });
  }
  problems.push(...siblingProblems(tables), ...listProblems(definition));
  const parts = tables.flatMap((table, at) =>
    table.service.map((part, index) => ({
      field: `tables[${at}].service[${index}].table`,
      name: qualified(part.table),
      constants: part.constants ?? {},
      alone: table.service.length === 1,
    })),
  );
  for (const { index, first, name } of duplicates(parts.map((part) => part.name))) {
    const all = parts.filter((part) => part.name === name);
    const told = tellingApart(all.map(({ constants }) => constants));
    if (told.length > 0 && all.every(({ alone }) => alone)) continue;
    problems.push({
      field: parts[index]?.field ?? 'tables',
      message:
        `"${name}" is the target of ${parts[first]?.field} already; several mappings fill one table when it is the only one of ` +
        "each, and the constants of each give one column another value (kind: 'book', kind: 'disc')",
    });
  }
  tables.forEach((table, index) =>
    problems.push(
      ...tableProblems(table, `tables[${index}]`),
      ...appendProblems(definition, table, `tables[${index}]`),
    ),
  );
  return problems;
}

/** Every problem of one context file; empty when it is right. */
function findProblems(value: unknown): Problem[] {
  const parsed = definitionSchema.safeParse(value);
  if (!parsed.success) {
    if (typeof value !== 'object' || value === null)
      return [
        { field: 'default export', message: 'must be an object made with defineMigration({ … })' },
      ];
    return parsed.error.issues.map((issue) => ({
      field: fieldName(issue.path),
      message: issue.message,
    }));
  }
  return meaningProblems(value as MigrationDefinition);
}

const line = (file: string, { field, message }: Problem): string =>
  `${file}: ${field === '' ? '' : `${field} `}${message}`;

const invalid = (lines: readonly string[]): StranglerError =>
  new StranglerError('CONFIG_INVALID', lines.join('\n'), { details: { problems: lines } });

/** @throws StranglerError CONFIG_INVALID naming file and field of every problem */
export function validateDefinition(value: unknown, file: string): MigrationDefinition {
  const problems = findProblems(value);
  if (problems.length > 0) throw invalid(problems.map((problem) => line(file, problem)));
  return value as MigrationDefinition;
}

/** Contexts must not claim the same name, requests or tables. */
export function validateTogether(
  contexts: readonly { readonly definition: MigrationDefinition; readonly file: string }[],
): void {
  const lines: string[] = [];
  const claims = new Map<string, string>();
  const claim = (key: string, where: string, refusal: (other: string) => string): void => {
    const other = claims.get(key);
    if (other === undefined) claims.set(key, where);
    else lines.push(refusal(other));
  };
  for (const { definition, file } of contexts) {
    claim(
      `context ${definition.context}`,
      file,
      (other) => `${file}: context "${definition.context}" is the context of ${other} already`,
    );
    definition.routes.forEach((route, index) => {
      const where = `${file} routes[${index}]`;
      claim(
        `route ${routeShape(route)}`,
        where,
        (other) =>
          `${file}: routes[${index}].path matches the same requests as ${other} (${route.method} ${route.path})`,
      );
    });
    // whoever owns a table may be read by many
    if (isOneWay(definition.data)) continue;
    const names = (definition.tables ?? []).map(({ monolith }) => qualified(monolith));
    (definition.tables ?? []).forEach((table, index) => {
      // a context may map a table several times
      if (names.indexOf(qualified(table.monolith)) < index) return;
      const database = JSON.stringify(definition.monolith.database);
      claim(
        `table ${database} ${qualified(table.monolith)}`,
        `${file} tables[${index}]`,
        (other) =>
          `${file}: tables[${index}].monolith "${table.monolith}" belongs to ${other} already`,
      );
    });
  }
  lines.push(...readsProblems(contexts), ...sharedTargets(contexts), ...mergeProblems(contexts));
  if (lines.length > 0) throw invalid(lines);
}
