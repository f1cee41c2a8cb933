// npm run test:times -- [JEST ARGUMENTS] [--keep FILE]: what every suite costs, measured in a run of its own.
// npm run test:times -- --from FILE: the table of an earlier run. --write puts it into CONTRIBUTING.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { summarise, table } from './test-times/table.mjs';

const { values, tokens } = parseArgs({
  options: {
    from: { type: 'string' },
    keep: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
  strict: false,
  tokens: true,
});
const own = new Set(['from', 'keep', 'write']);
const forJest = process.argv.slice(2).filter((_, index) => {
  const token = tokens.findLast(({ index: at }) => at <= index);
  return !(token?.kind === 'option' && own.has(token.name));
});

const folder = mkdtempSync(join(tmpdir(), 'test-times-'));
const file = values.from ?? values.keep ?? join(folder, 'times');
let seconds;
if (!values.from) {
  writeFileSync(file, '');
  const began = performance.now();
  const { status } = spawnSync('npm', ['test', '--', ...forJest], {
    stdio: 'inherit',
    env: { ...process.env, TEST_TIMES: file },
  });
  seconds = (performance.now() - began) / 1e3;
  process.exitCode = status ?? 1;
}
const lines = readFileSync(file, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));
const text = table(summarise(lines), { shown: 25, seconds });
console.log(text);
if (values.write) {
  const guide = new URL('../CONTRIBUTING.md', import.meta.url);
  const around = /(<!-- npm run test:times -->\n)[^]*?(<!-- end -->)/;
  writeFileSync(guide, readFileSync(guide, 'utf8').replace(around, `$1\n${text}\n$2`));
}
rmSync(folder, { recursive: true, force: true });
