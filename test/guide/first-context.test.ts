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
    ['run', 'demo', '--', '--by-hand', '--pace', '2', '--settings', join(folder, 'shop.env')],
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
  expect(output).toMatch(/"amount"/);
  // the line of the table, not an echoed command: compared, and some of them alike
  const [, compared, alike] = /^quote +(\d+) +(\d+) /m.exec(output) ?? [];
  expect([Number(compared) > 0, Number(alike) > 0]).toEqual([true, true]);
});

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
    `set -x\n${typed}\nnpx strangler status catalog --json > ${join(folder, 'status.json')}`,
  );
  const log = await readFile(join(folder, 'worker.log'), 'utf8').catch(() => '');
  if (code !== 0)
    throw new Error(
      `a command of the guide failed:\n${output.slice(-6000)}\nworker:\n${log.slice(-2000)}`,
    );
  const status = await readFile(join(folder, 'status.json'), 'utf8');
  expect(status).toMatch(/"owner":\s*"service"/);
  expect(status).toMatch(/"stage":\s*"service"/);
  expect(output).toMatch(/rollback/);
});
