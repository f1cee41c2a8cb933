import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cli, type CliResult } from './support/cli.ts';

/** Whoever reads the contexts leaves a trace, and so does whoever knocks at the control database. */
let server: Server;
let knocks = 0;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = createServer((socket) => {
    knocks += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  folder = await mkdtemp(join(tmpdir(), 'strangler-usage-'));
  await writeFile(
    join(folder, 'catalog.mjs'),
    `import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(join(folder, 'read'))}, '');
export default {};`,
  );
  env = {
    STRANGLER_CONTEXTS: folder,
    STRANGLER_CONTROL_URL: `postgresql://nobody@127.0.0.1:${(server.address() as AddressInfo).port}/control`,
  };
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const typed = (...args: string[]): Promise<CliResult> => cli(args, env);
const startedNothing = (): void => {
  expect(knocks).toBe(0);
  expect(existsSync(join(folder, 'read'))).toBe(false);
};

test('the trap works: a command that is spelt right reads the contexts or knocks', async () => {
  await typed('status');
  expect(knocks + Number(existsSync(join(folder, 'read')))).toBeGreaterThan(0);
  knocks = 0;
  await rm(join(folder, 'read'), { force: true });
});

test.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['status', '--nope'], "unknown option '--nope'"],
  [['cutover'], "missing required argument 'context'"],
  [
    ['replicate', 'catalog', '--pause', '--resume'],
    '--pause and --resume stand alone: they start no worker',
  ],
  [['fence', 'instal', 'catalog'], "unknown command 'instal'"],
])(
  '%j with --json is one JSON document on stdout, exit 2, and starts nothing',
  async (words, message) => {
    const { code, stdout } = await typed(...words, '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', message } });
    startedNothing();
  },
);

test('completion prints a script that names the commands, and starts nothing', async () => {
  const { code, stdout } = await typed('completion', 'bash');
  expect(code).toBe(0);
  expect(stdout).toMatch(/"fence audit"\) next="[^"]*--dry-run/);
  expect((await typed('completion', 'csh')).code).toBe(2);
  startedNothing();
});

test('--version says the version of the package, alone on stdout, and starts nothing', async () => {
  const { version } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  expect(await typed('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  startedNothing();
});

test('--help goes to stdout with exit code 0 and starts nothing', async () => {
  const help = await typed('--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('Exit codes: 0 ok');
  startedNothing();
});

describe('what is misspelt ends with exit code 2, says what was meant and starts nothing', () => {
  test.each<[string, string[], string]>([
    [
      'an option of the program',
      ['--verison'],
      "unknown option '--verison'\n(Did you mean --version?)",
    ],
    ['a command', ['cutver', 'catalog'], "unknown command 'cutver'\n(Did you mean cutover?)"],
    [
      'a dry run',
      ['cutover', 'catalog', '--yes', '--dry-rum'],
      "unknown option '--dry-rum'\n(Did you mean --dry-run?)",
    ],
    ['a command without its context', ['cutover', '--yes'], "missing required argument 'context'"],
    ['a context too many', ['rollback', 'catalog', 'orders', '--yes'], 'too many arguments'],
    ['a share that is none', ['ramp', 'catalog', '--steps', '10,120'], '120'],
  ])('%s', async (_what, args, said) => {
    const result = await typed(...args);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(said);
    startedNothing();
  });
});
