// Type-checks every ```ts block of the documents and of the docstrings, as a user's project would: against the packages by name.
// An error names the line of the document. A block is a module of its own; what it takes for granted (a pool, a client) stands in a
// comment before it, which no reader of the page sees: <!-- given: declare const pool: import('pg').Pool; -->
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The blocks of a text, each with the text's line on which its first line stands (from 1) and how far that is indented. */
function blocks(text) {
  const found = [];
  let open;
  let given = '';
  for (const [index, line] of text.split('\n').entries()) {
    const [, margin = '', fence] = /^(\s*(?:\* ?)?)```(\w*)/.exec(line) ?? [];
    if (open && fence === '') {
      if (open.language === 'ts') found.push(open);
      open = undefined;
      given = '';
    } else if (open) open.code.push(line.slice(open.margin.length));
    else if (fence !== undefined)
      open = { language: fence, line: index + 2, margin, code: [], given };
    else if (line.trim() !== '') given = /<!-- given: (.*) -->/.exec(line)?.[1] ?? '';
  }
  return found;
}

// Lines stay where the document has them, so that the compiler's numbers are the document's.
const moduleOf = ({ line, code, given }) =>
  `${'\n'.repeat(line - 2)}${given}\n${code.join('\n')}\nexport {};\n`;

function sources() {
  const patterns = ['*.md', ...published.map((folder) => `${folder}/src/**.ts`)];
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && !/^docs\/api\/|\.test\.ts$/.test(file));
}

function project(folder) {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    // sources stand in for the built packages: they need the types that they were written for packages without any
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      include: ['**/*.ts', ...published.map((part) => join(root, part, 'src/**/*.d.ts'))],
      exclude: [],
    }),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'strangler-examples-'));
try {
  project(folder);
  const margins = new Map();
  for (const file of sources())
    for (const block of blocks(readFileSync(join(root, file), 'utf8'))) {
      const name = `${file}#${block.line}.ts`;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), moduleOf(block));
      margins.set(name, block.margin.length);
    }
  const without = published
    .map((part) => `${part}/README.md`)
    .filter((readme) => ![...margins.keys()].some((name) => name.startsWith(`${readme}#`)));
  for (const readme of without) console.error(`${readme}: has no example that could be checked`);
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false', '-p', folder],
    { cwd: folder, encoding: 'utf8' },
  );
  console.error(
    stdout
      .replaceAll(
        /^(.+)#\d+\.ts\((\d+),(\d+)\)/gm,
        (at, file, line, column) =>
          `${file}:${line}:${Number(column) + (margins.get(at.slice(0, at.indexOf('('))) ?? 0)}`,
      )
      .trim(),
  );
  console.log(`${margins.size} examples ${status === 0 ? 'compile' : 'were checked'}`);
  process.exitCode = status !== 0 || without.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
