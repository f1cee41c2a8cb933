// Plants mistakes one at a time and asks the nearest suites whether they notice:
//   npm run mutants -- <room or file>... [--servers] [--by-hand] [--sample N] [--seed S] [--seconds T] [--min-score P] [--json] [--list]
// With --servers those mistakes that only suites with servers notice; with --by-hand those that somebody wrote down.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectMutants } from './collect-mutants.mjs';
import { nearestSuites } from './nearest-suites.mjs';
import { inWords, scoreInWords, scoreOf } from './report.mjs';
import { filesOf, rooms, suitesOf, writtenDown } from './rooms.mjs';
import { WarmJest } from './run-mutants.mjs';
import { sampled } from './sample.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    'min-score': { type: 'string' },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    servers: { type: 'boolean', default: false },
    'by-hand': { type: 'boolean', default: false },
  },
});

function chosen(words) {
  const all = Object.keys(rooms);
  const names =
    words.length > 0 ? words : all.filter((name) => options.servers || !rooms[name].servers);
  return names.flatMap((word) => {
    if (rooms[word]) return [{ room: word, files: filesOf(rooms[word]), whole: true }];
    const of = all.filter(
      (name) =>
        filesOf(rooms[name]).includes(word) || writtenDown(name).some(({ file }) => file === word),
    );
    if (of.length === 0) {
      console.error(
        `No room and no mutated file: ${word}. Rooms: ${Object.keys(rooms).join(', ')}`,
      );
      process.exit(2);
    }
    return of.map((room) => ({ room, files: [word], whole: false }));
  });
}

/** Whoever draws a sample wants a score, whoever asks everything wants lists that fit. */
function tellOld(message) {
  if (options.sample === undefined) throw new Error(message);
  console.error(message);
}

const choice = chosen(positionals);
const all = choice
  .flatMap((each) => collectMutants(each, tellOld))
  .filter(
    ({ room, suites }) =>
      (suites !== undefined) === (options.servers || rooms[room].servers === true),
  )
  .filter(({ why }) => why !== undefined || !options['by-hand']);
const mutants =
  options.sample === undefined ? all : sampled(all, Number(options.sample), Number(options.seed));
if (options.list) {
  for (const mutant of mutants) console.log(inWords(mutant));
  process.exit();
}

const suites = [...new Set(choice.flatMap(({ room }) => suitesOf(rooms[room])))];
const nearestTo = nearestSuites(suites);
const nearest = ({ file, suites: named }) => named ?? nearestTo(file).map((suite) => ({ suite }));
const cache = mkdtempSync(join(tmpdir(), 'mutants-'));
const servers = mutants.some(({ suites: named }) => named !== undefined);
const roots = servers
  ? ['.']
  : ['plan/src', ...suites.map((suite) => suite.split('/').slice(0, 2).join('/'))];
const jest = new WarmJest({
  cacheDirectory: cache,
  roots: [...new Set(roots)],
  servers,
});
const tidy = () => {
  jest.end();
  rmSync(cache, { recursive: true, force: true });
};
process.on('exit', tidy);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));

// Without a mistake every suite passes; how long it takes then says when a mutant hangs.
const seconds = new Map();
const patience = new Map();
const asked = mutants.flatMap(nearest);
for (const suite of new Set(asked.map((each) => each.suite))) {
  const tests = new Set(asked.filter((each) => each.suite === suite).map(({ test }) => test));
  const test = tests.has(undefined) ? undefined : [...tests].join('|');
  const began = performance.now();
  const { status, killedBy, patienceMs } = await jest.run(undefined, [{ suite, test }], 300_000);
  if (status !== 'survived') {
    console.error(`${suite} fails without any mutant (${killedBy ?? status}): mend it first`);
    process.exit(1);
  }
  seconds.set(suite, (performance.now() - began) / 1000);
  if (servers) patience.set(suite, Math.min(60_000, patienceMs));
}

const results = [];
const end = performance.now() + Number(options.seconds ?? Infinity) * 1000;
for (const mutant of mutants) {
  if (performance.now() > end) break;
  const near = nearest(mutant).map((each) => ({
    ...each,
    patienceMs: patience.get(each.suite),
  }));
  const usual = near.reduce((sum, { suite }) => sum + seconds.get(suite), 0);
  const outcome = mutant.equivalent
    ? { status: 'equivalent' }
    : near.length === 0
      ? { status: 'survived', unasked: true }
      : await jest.run(mutant, near, 10_000 + usual * 5000);
  const result = { ...mutant, ...outcome };
  results.push(result);
  if (['survived', 'timeout'].includes(outcome.status) && !options.json)
    console.log(inWords(result));
  if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${mutants.length} `);
}

const score = scoreOf(results);
if (options.json)
  console.log(
    JSON.stringify({ score, results: results.map((result) => ({ ...result, source: undefined })) }),
  );
else
  for (const room of new Set(choice.map((each) => each.room)))
    console.log(
      scoreInWords(
        room,
        results.filter((result) => result.room === room),
      ),
    );
const least = Number(options['min-score'] ?? 0);
// A score of three mutants is no score: whatever kept the rest from being asked is to be mended.
if (options['min-score'] !== undefined && results.length < Math.min(10, mutants.length)) {
  console.error(
    `only ${results.length} of ${mutants.length} mutants were asked in ${options.seconds} s`,
  );
  process.exitCode = 1;
} else if (score.percent < least) {
  console.error(`${score.percent} % of the mutants were noticed; at least ${least} % must be`);
  process.exitCode = 1;
}
jest.end();
