// Checks the dependency rules of .dependency-cruiser.cjs. dependency-cruiser knows no TypeScript 7 and would silently look at no
// file at all, so the files are named here and stripped of their types as Node does it.
import { readdirSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
const roots = [
  'plan',
  'legacy-monolith',
  'facade',
  'extracted',
  'migration',
  'contracts',
  'dev-stack',
  'demo',
  'contexts',
  'test',
  'bench',
  'scripts',
];

const sources = (folder, base) =>
  readdirSync(join(base, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'fixtures', 'fixture'].includes(entry.name)
        ? []
        : sources(path, base);
    return /\.(ts|mjs|js)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });

// A type is knowledge too: `import type` counts as an import.
const withoutTypes = (code) =>
  stripTypeScriptTypes(
    code.replaceAll(/^(?:(import) type (?=[\w*{])|(export) type (?=[*{]))/gm, '$1$2 '),
  );

// Only the imports are left: dependency-cruiser's own parser stumbles over syntax newer than 2020.
const onlyImports = ({ types }) => ({
  parserOverride: (code, options, parse) => parse(withoutTypes(code), options),
  visitor: {
    Program: {
      exit(program) {
        const found = new Set(
          program.node.body.flatMap((statement) => statement.source?.value ?? []),
        );
        program.traverse({
          CallExpression({ node }) {
            if (node.callee.type === 'Import' && node.arguments[0]?.type === 'StringLiteral')
              found.add(node.arguments[0].value);
          },
        });
        program.node.body = [...found].map((source) =>
          types.importDeclaration([], types.stringLiteral(source)),
        );
      },
    },
  },
});

/** @returns {Promise<{files: number, violations: {rule: string, from: string, to: string, why: string}[]}>} */
async function checkArrows(base, folders = roots) {
  const present = new Set(readdirSync(base));
  const files = folders
    .filter((folder) => present.has(folder))
    .flatMap((folder) => sources(folder, base));
  if (files.length === 0)
    throw new Error(`no source files under ${base}: nothing would be checked`);
  const { options, ...ruleSet } = rules;
  const { output } = await cruise(
    files,
    { ...options, ruleSet, validate: true, baseDir: base, outputType: undefined },
    options.enhancedResolveOptions,
    { babelConfig: { configFile: false, babelrc: false, compact: false, plugins: [onlyImports] } },
  );
  const why = new Map(rules.forbidden.map((rule) => [rule.name, rule.comment]));
  const violations = output.summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to: cycle ? cycle.map((step) => step.name).join(' → ') : to,
    why: why.get(rule.name),
  }));
  return { files: files.length, arrows: output.summary.totalDependenciesCruised, violations };
}

const repository = fileURLToPath(new URL('..', import.meta.url));

if (process.argv[2] === '--json') {
  // Other folders than the repository, for the fixtures that prove each rule.
  const results = [];
  for (const base of process.argv.slice(3)) results.push(await checkArrows(base));
  console.log(JSON.stringify(results));
} else {
  const { files, arrows, violations } = await checkArrows(repository);
  for (const { rule, from, to, why } of violations)
    console.error(`${rule}: ${from} → ${to}\n  ${why}`);
  console.log(`${files} files, ${arrows} arrows, ${violations.length} violations`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
