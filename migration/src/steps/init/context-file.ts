import { defaultGates } from '@strangler-toolkit/plan';
import type { ForeignKeyCatalog, TableCatalog } from '../../database/catalog.ts';
import { displayTable, type TableName, writtenTable } from '../../database/identifiers.ts';
import { likelyReferences } from '../../surroundings/references-without-key.ts';
import { namesFiles } from '../../surroundings/file-paths.ts';
import type { FoundRoute } from './found-route.ts';

export interface ContextFileInput {
  readonly context: string;
  readonly tables: readonly TableCatalog[];
  /** The rest of the database: what points into the context from outside. */
  readonly others: readonly TableCatalog[];
  readonly routes: readonly FoundRoute[];
  /** Name of the environment variable with the monolith's database. */
  readonly databaseVariable?: string;
}

/** A line break in a name would end a comment, or tear a text apart. */
const onOneLine = (text: string): string =>
  text.replaceAll(
    /[\n\r\u2028\u2029]/g,
    (end) => String.raw`\u` + end.charCodeAt(0).toString(16).padStart(4, '0'),
  );
const quote = (text: string): string =>
  `'${onOneLine(text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`;
const property = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name));
const shown = writtenTable;
/** As decisions name it: `table.column`, `table.constraint`. */
const decision = (table: TableName, name: string): string =>
  `[${quote(`${displayTable(table)}.${name}`)}]`;
const env = (name: string): string => `{ env: ${quote(name)} }`;
/** Rows that one verification compares in a moment: where no more is kept, a thousand reads may take weeks to come. */
const smallRows = 100_000;
const variable = (context: string): string => context.replaceAll('-', '_').toUpperCase();

const actions = ({ onDelete, onUpdate }: ForeignKeyCatalog): string =>
  `ON DELETE ${onDelete ?? 'NO ACTION'}${onUpdate === undefined ? '' : `, ON UPDATE ${onUpdate}`}`;

function tableNotes(table: TableCatalog, input: ContextFileInput): string[] {
  const inside = (other: { readonly schema: string; readonly table: string }): boolean =>
    input.tables.some((candidate) => shown(candidate) === shown(other));
  const outgoing = table.foreignKeys
    .filter((key) => !inside(key.references))
    .map(
      (key) =>
        `${key.columns.join(', ')} refers to ${shown(key.references)}, outside this context (${actions(key)}): ` +
        'the service cannot join or check it; ' +
        `decide foreignKeys.monolith${decision(table, key.name)}, or keep ${shown(key.references)} beside it by a context ` +
        "with data 'reference' that this one reads",
    );
  const incoming = input.others.flatMap((other) =>
    other.foreignKeys
      .filter((key) => shown(key.references) === shown(table))
      .map(
        (key) =>
          `${shown(other)}.${key.columns.join(', ')} refers to this table from outside (${actions(key)}): ` +
          `it stays behind with the monolith's copy; decide foreignKeys.monolith${decision(other, key.name)}`,
      ),
  );
  const unkept = [
    ...likelyReferences([table], input.others).map(
      ({ child, parent }) =>
        `${child.column} seems to refer to ${shown(parent)}, outside this context, without a foreign key: ` +
        'whoever checks it has to ask the monolith',
    ),
    ...likelyReferences(input.others, [table]).map(
      ({ child }) =>
        `${shown(child)}.${child.column} seems to refer to this table from outside, without a foreign key: ` +
        'what the service deletes it may still name',
    ),
  ];
  const sequences = table.columns.flatMap((column) =>
    column.sequence
      ? [
          `${column.name} draws from ${column.sequence}${column.identity ? ' (identity)' : ''}: moved by cutover`,
        ]
      : [],
  );
  const generated = table.columns
    .filter((column) => column.generated)
    .map((column) => `${column.name} is generated: each side computes its own`);
  const files = table.columns.some(({ type }) => type === 'bytea')
    ? []
    : table.columns
        .filter(({ name, type }) => namesFiles(name) && /^(text|character varying)/.test(type))
        .map(
          ({ name }) =>
            `${name} may hold paths of files, which do not travel: decide files${decision(table, name)}`,
        );
  const key = table.primaryKey.length === 0 ? [keyNote(table)] : [];
  return [...key, ...outgoing, ...incoming, ...unkept, ...sequences, ...generated, ...files].map(
    onOneLine,
  );
}

function keyNote(table: TableCatalog): string {
  if (table.replicaIdentity === 'index')
    return `no primary key: the index that is its replica identity (${table.identityColumns.join(', ')}) is the key`;
  return table.replicaIdentity === 'full'
    ? 'no primary key: name the identifying columns in key'
    : `NO PRIMARY KEY: add one, or ALTER TABLE ${shown(table)} REPLICA IDENTITY FULL and name the identifying columns in key`;
}

function keyText(table: TableCatalog): string[] {
  if (table.primaryKey.length > 0) return [];
  return table.replicaIdentity === 'index'
    ? [`      key: [${table.identityColumns.map(quote).join(', ')}],`]
    : ['      key: [], // columns that identify a row'];
}

const gateLines = [
  '  // what has to be shown before the next step: these numbers fit a system of few requests, the usual ones stand behind them',
  '  gates: {',
  `    minShadowReads: 100, // ${defaultGates.minShadowReads}: compared reads of each route before canary`,
  `    rampMinRequests: 20, // ${defaultGates.rampMinRequests}: requests of each side before a step of a ramp is judged`,
  '  },',
];

function tableText(table: TableCatalog, notes: readonly string[]): string {
  const columns = table.columns
    .filter((column) => !column.generated)
    .map((column) => `${property(column.name)}: ${quote(column.name)}`);
  const lines: string[] = [];
  for (const column of columns) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + column.length < 120)
      lines[lines.length - 1] = `${last}, ${column}`;
    else lines.push(column);
  }
  return [
    ...notes.map((note) => `    // ${note}`),
    '    {',
    `      monolith: ${quote(shown(table))},`,
    ...keyText(table),
    '      service: [',
    '        {',
    `          table: ${quote(shown(table))},`,
    '          columns: {',
    ...lines.map((line) => `            ${line},`),
    '          },',
    '        },',
    '      ],',
    '    },',
  ].join('\n');
}

const isSmall = ({ tables }: ContextFileInput): boolean =>
  tables.reduce((rows, table) => rows + table.estimatedRows, 0) < smallRows;

/** The first context file: what the database says, mapped one to one, ready to edit. */
export function contextFile(input: ContextFileInput): { text: string; notes: string[] } {
  const name = variable(input.context);
  const replicated = input.tables.length > 0;
  const notes = input.tables.flatMap((table) =>
    tableNotes(table, input).map((note) => `${shown(table)}: ${note}`),
  );
  const routes =
    input.routes.length > 0
      ? input.routes.map(
          (route) =>
            `    { name: ${quote(route.name)}, method: ${quote(route.method)}, path: ${quote(route.path)}, kind: ${quote(route.kind)} },`,
        )
      : [
          '    // every endpoint of the context: reads follow flags, writes follow the owner of the data',
          `    // { name: 'list', method: 'GET', path: '/api/${input.context}', kind: 'read' },`,
          `    // { name: 'create', method: 'POST', path: '/api/${input.context}', kind: 'write' },`,
        ];
  const database = input.databaseVariable ?? 'MONOLITH_DATABASE_URL';
  const text = [
    '// Imports nothing, so that it loads from any folder. `npx strangler doctor` tells what is still missing.',
    'export default {',
    `  context: ${quote(input.context)},`,
    `  data: ${quote(replicated ? 'replicated' : 'none')},`,
    `  monolith: { url: ${env('MONOLITH_URL')}${replicated ? `, database: ${env(database)}` : ''} },`,
    `  service: { url: ${env(`${name}_URL`)}${replicated ? `, database: ${env(`${name}_DATABASE_URL`)}` : ''} },`,
    '  // who a request belongs to, first match wins: makes percentages sticky and lets writers read their writes',
    `  identity: ['header:authorization', 'cookie:sid'],`,
    '  routes: [',
    ...routes,
    '  ],',
    ...(replicated
      ? [
          "  // table and column names on the right are the service's: rename, split and leave columns as the service needs them",
          '  tables: [',
          ...input.tables.map((table) => tableText(table, tableNotes(table, input))),
          '  ],',
        ]
      : []),
    ...(isSmall(input) ? gateLines : []),
    `} satisfies import('@strangler-toolkit/plan').MigrationDefinition;`,
    '',
  ].join('\n');
  return { text, notes };
}
