import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardChild, Hopeless, until } from '@strangler-toolkit/dev-stack';

const repository = new URL('../..', import.meta.url).pathname;
let folder: string;
let shop: ChildProcess;
let shopEnded: Promise<void>;
let shopSaid = '';
const ends: (() => boolean)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guide-'));
  shop = spawn(
    'npm',
    ['run', 'demo', '--', '--by-hand', '--pace', '25', '--settings', join(folder, 'shop.env')],
    {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env },
    },
  );
  guardChild(shop);
  shop.stdout?.on('data', (chunk: Buffer) => (shopSaid += chunk.toString()));
  shop.stderr?.on('data', (chunk: Buffer) => (shopSaid += chunk.toString()));
  shopEnded = new Promise((resolve) => shop.once('exit', () => resolve()));
  await until(
    'the shop to start',
    () => {
      if (shop.exitCode !== null) throw new Hopeless(`the shop ended:\n${shopSaid}`);
      return existsSync(join(folder, 'shop.env'));
    },
    { withinMs: 300_000, everyMs: 100, alsoTell: () => shopSaid },
  );
});

afterAll(async () => {
  for (const end of ends) end();
  if (shop.pid && shop.exitCode === null) process.kill(-shop.pid, 'SIGINT');
  await shopEnded;
  await rm(folder, { recursive: true, force: true });
});

const bash = (script: string): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    // npx asks npm for a second before every command; what it then starts is the same file.
    const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', `npx() { "$@"; }\n${script}`], {
      cwd: repository,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NO_COLOR: '1',
        PATH: `${join(repository, 'node_modules/.bin')}:${process.env.PATH}`,
      },
    });
    guardChild(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    // What the reader left running in the background ends with the shell: its group is ours alone.
    const endGroup = (signal: NodeJS.Signals | 0): boolean => {
      try {
        return child.pid !== undefined && process.kill(-child.pid, signal);
      } catch {
        return false;
      }
    };
    child.once('exit', (code) => {
      endGroup('SIGTERM');
      const deadline = Date.now() + 60_000;
      const look = (): void => {
        if (endGroup(0) && Date.now() < deadline) setTimeout(look, 50);
        else resolve({ code: endGroup(0) ? -1 : code, output });
      };
      look();
    });
    ends.push(() => endGroup('SIGKILL'));
  });

/** What a command printed that was typed as it stands here, each time it was; the shell's own lines begin with `+`. */
const printedBy = (output: string, command: string): string[] =>
  output
    .split(/^\++ /m)
    .filter((part) => part.startsWith(`${command}\n`))
    .map((part) => part.slice(command.length + 1));

/** Route, answers compared, those that did not match: the rows of a table of shadow counts. */
const compared = (table: string): [route: string, compared: number, real: number][] =>
  [...table.matchAll(/^([a-z-]+) +(\d+) +(\d+) +\d+(?: .*)?$/gm)].map(
    ([, route = '', of, match]) => [route, Number(of), Number(of) - Number(match)],
  );

const readme = async (): Promise<string> => readFile(join(repository, 'README.md'), 'utf8');

test("the README's five minutes and its commands for another monolith work as written", async () => {
  const blocks = [...(await readme()).matchAll(/^```sh\n(.*?)^```$/gms)]
    .map((match) => match[1] ?? '')
    .filter((block) => block.includes('npx strangler'));
  expect(blocks).toHaveLength(2);
  const { code, output } = await bash(
    `set -x\n${blocks.join('\n').replaceAll('./shop.env', join(folder, 'shop.env'))}`,
  );
  if (code !== 0) throw new Error(`a command of the README failed:\n${output.slice(-6000)}`);
  const [shadowed = ''] = printedBy(
    output,
    'strangler shadow shipping-rates --wait 1 --timeout 60s',
  );
  const [[route, of, real] = [], ...others] = compared(shadowed);
  expect({ route, real, others }).toEqual({ route: 'quote', real: 0, others: [] });
  expect(of).toBeGreaterThanOrEqual(1);
  expect(output.match(/^\{"zone":"domestic".*"amount":"5.50"/gm)).toHaveLength(5);
  expect(printedBy(output, 'strangler status')[0]).toMatch(/^catalog +stage monolith,/m);
});

/** Moves of ownership and how each ended, from the journal's rows, one JSON document a line. */
async function moves(file: string): Promise<[string, string][]> {
  const rows = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ step }) => step === 'move');
  return rows
    .filter(({ status }) => status === 'started')
    .map(({ moveId, detail }) => [
      String((detail as { move?: string }).move),
      rows
        .filter((row) => row.moveId === moveId && row.status !== 'started')
        .map((row) => String(row.status))
        .join(' '),
    ]);
}

test('the guide moves the catalog by hand, there, back and there again, as it is written', async () => {
  const guide = await readFile(join(repository, 'docs/guide/first-context.md'), 'utf8');
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  expect(blocks.length).toBeGreaterThanOrEqual(9);
  // A reader types all of it into one shell: the worker started in step 3 lives until that shell ends.
  const typed = blocks
    .join('\n')
    .replaceAll('./shop.env', join(folder, 'shop.env'))
    .replaceAll('worker.log', join(folder, 'worker.log'));
  const { code, output } = await bash(
    [
      'set -x',
      typed,
      `npx strangler status catalog --json > ${join(folder, 'status.json')}`,
      `npx strangler journal catalog --limit 1000 --json > ${join(folder, 'journal.json')}`,
    ].join('\n'),
  );
  const log = await readFile(join(folder, 'worker.log'), 'utf8').catch(() => '');
  if (code !== 0)
    throw new Error(
      `a command of the guide failed:\n${output.slice(-6000)}\nworker:\n${log.slice(-2000)}`,
    );
  const status = await readFile(join(folder, 'status.json'), 'utf8');
  expect(status).toMatch(/"owner":\s*"service"/);
  expect(status).toMatch(/"stage":\s*"service"/);
  const shadowed = printedBy(output, 'strangler shadow catalog').map(compared);
  expect(shadowed).toHaveLength(1);
  expect(shadowed[0]?.length).toBeGreaterThanOrEqual(7);
  for (const [route, of, real] of shadowed[0] ?? [])
    expect([route, of >= 100, real]).toEqual([route, true, 0]);
  const verified = printedBy(output, 'strangler verify catalog').map((text) =>
    Number(/^(\d+) rows compared, 0 differ/m.exec(text)?.[1]),
  );
  expect(verified).toHaveLength(4);
  expect(Math.min(...verified)).toBeGreaterThan(2_000);
  expect(await moves(join(folder, 'journal.json'))).toEqual([
    ['cutover', 'done'],
    ['rollback', 'done'],
    ['cutover', 'done'],
  ]);
});
