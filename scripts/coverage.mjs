// What share of each room the suites run: npm run coverage [-- PATTERN...]. Patterns choose suites as they do for npm test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const results = mkdtempSync(join(tmpdir(), 'coverage-'));
process.on('exit', () => rmSync(results, { recursive: true, force: true }));

// The interpreter counts, so nothing is rewritten; types are stripped to blanks, so its lines are those of the source.
const { status } = spawnSync(
  'npm',
  [
    'test',
    '--silent',
    '--',
    '--coverage',
    '--coverageProvider=v8',
    '--coverageReporters=json-summary',
    `--coverageDirectory=${results}`,
    '--collectCoverageFrom=**/src/**/*.ts',
    '--collectCoverageFrom=!**/*.test.ts',
    ...process.argv.slice(2),
  ],
  { cwd: repository, stdio: ['ignore', 2, 2] },
);
if (status !== 0) process.exit(status ?? 1);

const { total: _, ...files } = JSON.parse(
  readFileSync(join(results, 'coverage-summary.json'), 'utf8'),
);
const rooms = new Map();
for (const [path, { lines, branches, functions }] of Object.entries(files)) {
  const room = dirname(relative(repository, path));
  const sum = rooms.get(room) ?? {};
  for (const [what, { covered, total }] of Object.entries({ lines, branches, functions })) {
    const before = sum[what] ?? { covered: 0, total: 0 };
    sum[what] = { covered: before.covered + covered, total: before.total + total };
  }
  rooms.set(room, sum);
}
const percent = ({ covered, total }) =>
  total === 0 ? '–' : `${Math.floor((covered / total) * 100)} %`;
console.log('| room | lines | branches | functions |\n|---|---|---|---|');
for (const [room, { lines, branches, functions }] of [...rooms].sort(([a], [b]) =>
  a < b ? -1 : 1,
))
  if (lines.covered > 0)
    console.log(`| ${room} | ${[lines, branches, functions].map(percent).join(' | ')} |`);
