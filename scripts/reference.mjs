// docs/guide/reference.md: every setting with its type, default and meaning. Variables come from the tables of settings of facade, command
// line and worker; fields of a context file from their types (plan/src/migration.ts), whose comments are what an editor shows, held to the
// zod schema that checks them, and defaults from the code that uses them. `npm run reference` writes it; with --check nothing is written.
//   node --conditions=strangler-source scripts/reference.mjs [--check] [PAGE]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingRows } from '../facade/src/config/settings.ts';
import { variables } from '../migration/src/cli/variables.ts';
import { definitionSchema } from '../plan/src/definition-schema.ts';
import { defaultCutover, defaultGates, defaultStandInSeconds } from '../plan/src/gate-settings.ts';
import { fieldsOf } from './reference/fields.mjs';
import { keysOf } from './reference/schema-keys.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const checking = process.argv.includes('--check');
const [given] = process.argv.slice(2).filter((argument) => argument !== '--check');
const page = given ?? join(root, 'docs', 'guide', 'reference.md');

const cell = (text) => String(text).replaceAll('|', '\\|');
const code = (text) => (text === '' ? '' : `\`${cell(text)}\``);
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const zodType = (type) => {
  const { type: kind, format, innerType, entries } = type.def;
  if (kind === 'optional') return zodType(innerType);
  if (kind === 'enum') return Object.values(entries).join(', ');
  if (kind === 'string') return format === 'url' ? 'URL' : 'text';
  return kind === 'number' ? 'whole number' : kind;
};
const defaultsOfCode = new Map([
  ...Object.entries(defaultGates).map(([name, value]) => [`gates.${name}`, value]),
  ...Object.entries(defaultCutover).map(([name, value]) => [`cutover.${name}`, value]),
  ['standInSeconds', defaultStandInSeconds],
]);

const { fields, problems } = fieldsOf(
  ['migration.ts', 'table-mapping.ts'].map((file) => join(root, 'plan', 'src', file)),
  'MigrationDefinition',
);
const known = keysOf(definitionSchema);
const documented = new Set(fields.map(({ path }) => path));
for (const path of known)
  if (!documented.has(path))
    problems.push(`${path}: the schema knows it, plan/src/migration.ts does not`);
for (const { path, meaning, said } of fields) {
  const parent = path.replace(/\.?[^.]+$/, '');
  if (known.checks(parent) && !known.has(path))
    problems.push(`${path}: the schema does not know it`);
  if (said !== '' && String(defaultsOfCode.get(path) ?? said) !== said)
    problems.push(`${path}: the comment says ${said}, the code ${defaultsOfCode.get(path)}`);
  if (meaning === '') problems.push(`${path}: say in plan/src what it means, in a comment`);
}
for (const path of defaultsOfCode.keys())
  if (!documented.has(path)) problems.push(`${path}: has a default and is no field`);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

/** Fields without others below them stand together. */
const top = ({ path }) => /^\w+/.exec(path)[0];
const deep = new Set(fields.filter((field) => top(field) !== field.path).map(top));
const chapters = Map.groupBy(fields, (field) =>
  deep.has(top(field)) ? top(field) : 'The context itself',
);
const chapter = ([name, rows]) =>
  `### ${name}\n\n` +
  table(
    ['field', 'type', 'default', 'meaning'],
    rows.map(({ path, type, optional, choice, said, meaning }) => [
      code(path),
      code(type),
      defaultsOfCode.has(path)
        ? code(defaultsOfCode.get(path))
        : optional
          ? cell(said)
          : choice
            ? 'one of these'
            : 'required',
      cell(meaning),
    ]),
  );

const text = `# Reference of all settings

<!-- written by \`npm run reference\` -->

What they are for is in [configuration](configuration.md); this page is generated from the tables and
schemas that the programs themselves use.

## Facade

Environment variables of \`strangler-facade\`; rows without one are limits that a program gives to
\`createFacade\`. Times are in milliseconds.

${table(
  ['variable', 'type', 'default', 'meaning'],
  settingRows.map(({ variable, type, standard, help }) => [
    variable === undefined ? '' : code(variable),
    cell(zodType(type)),
    code(standard ?? ''),
    cell(help),
  ]),
)}

## Command line and worker

Environment variables of \`strangler\`, and of the worker that \`strangler replicate\` is. Besides them,
those that your context files name with \`env()\`.

${table(
  ['variable', 'who', 'type', 'default', 'meaning'],
  variables.map(({ name, of, type, standard, help }) => [
    code(name),
    of,
    cell(type),
    code(standard ?? ''),
    cell(help),
  ]),
)}

## Context files

\`[]\` stands for each entry of a list, \`*\` for a name of your own. A field that is not here is refused.

${[...chapters].map(chapter).join('\n\n')}
`;

if (!checking) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/guide/reference.md is not what the settings say: npm run reference');
  process.exit(1);
}
console.log(
  `${fields.length} fields, ${variables.length + settingRows.length} variables and limits`,
);
