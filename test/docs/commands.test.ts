import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { buildProgram } from '../../migration/src/cli/program.ts';
import { Terminal } from '../../migration/src/cli/terminal.ts';

const repository = new URL('../..', import.meta.url).pathname;
/** The command line as users have it, except that no command does anything and nothing is printed. */
function harmless(): Command {
  const program = buildProgram(
    { terminal: new Terminal(), signal: new AbortController().signal, exitCode: 0 },
    '0',
  );
  const disarm = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut() {}, writeErr() {} });
    // one that works by itself has arguments, also where it has commands below it
    if (command.commands.length === 0 || command.registeredArguments.length > 0)
      command.action(() => {});
    command.commands.forEach(disarm);
  };
  disarm(program);
  return program;
}
const program = harmless();

/** What prose may leave out when it only names a command. */
const leftOut = new Set([
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.help',
]);

/** Why the command line would not understand the words; empty when it would. */
async function misunderstanding(words: readonly string[], named = false): Promise<string> {
  try {
    await harmless().parseAsync([...words], { from: 'user' });
    return '';
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || (named && leftOut.has(error.code))) return '';
    return error.message.replace(/^error: /, '');
  }
}

/** The words of a shell's line up to where the command ends; a placeholder such as `<context>` is a word. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted, single, bare, end] of line
    .replaceAll(/<([\w-]+)>/g, '$1')
    .replaceAll('…', ' ')
    .matchAll(/"([^"]*)"|'([^']*)'|([^\s"'|&;>#()]+)|([|&;>#()])/g)) {
    if (end !== undefined) break;
    words.push(quoted ?? single ?? bare ?? '');
  }
  return words;
}

interface Shown {
  readonly words: string[];
  /** In a sentence: it may be named without all that it needs. */
  readonly named: boolean;
}

/** Every strangler command in the shell blocks and in the code of sentences. */
function commandsIn(text: string): Shown[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const typed = blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .flatMap((line) => [...line.matchAll(/(?:^|[ (;])(?:npx )?strangler (.*)$/g)])
    .map(([, rest = '']) => ({ words: wordsOf(rest), named: false }));
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const named = [...prose.matchAll(/`(?:npx )?strangler ([^`]+)`/g)].map(([, rest = '']) => ({
    words: wordsOf(rest),
    named: true,
  }));
  return [...typed, ...named];
}

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: repository, encoding: 'utf8' })
  .split('\n')
  .filter(Boolean);

test('every strangler command that a document shows is one that the command line understands', async () => {
  const wrong: string[] = [];
  const seen = { typed: 0, named: 0 };
  for (const file of documents) {
    const text = await readFile(join(repository, file), 'utf8');
    for (const { words, named } of commandsIn(text)) {
      seen[named ? 'named' : 'typed']++;
      const problem = await misunderstanding(words, named);
      if (problem) wrong.push(`${file}: strangler ${words.join(' ')}: ${problem}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(seen.typed).toBeGreaterThan(30);
  expect(seen.named).toBeGreaterThan(30);
});

/** Of commands within a text (a remedy, the next command): those words that name a command, and options that stand right behind. */
function namedIn(code: string): string[][] {
  const inSchema =
    /(?<![Ss]chema |SCHEMA |["\w.@/'-])strangler (?!derived )([a-z][a-z-]*)((?: (?:--[a-z-]+|[a-z-]+|<[\w-]+>|\$\{[\w.]+\}))*)/g;
  return [...code.matchAll(inSchema)].map(([, first = '', rest = '']) => [
    first,
    ...rest.split(' ').filter(Boolean),
  ]);
}

/** Why there is no such command, or not with such an option; empty when there is. Prose may follow. */
function unlike(words: readonly string[]): string {
  let command: Command = program;
  let at = 0;
  for (; command.commands.length > 0; at++) {
    const child = command.commands.find((one) => one.name() === words[at]);
    if (child) command = child;
    else if (command.registeredArguments.length > 0) break;
    else return `no command ${words.slice(0, at + 1).join(' ')}`;
  }
  const known = ['--help', ...command.options.map(({ long }) => long)];
  const unknown = words.slice(at).find((word) => word.startsWith('--') && !known.includes(word));
  return unknown === undefined ? '' : `no option ${unknown} of ${words.slice(0, at).join(' ')}`;
}

test('every strangler command that the product itself tells somebody to type is one that there is', async () => {
  const files = execFileSync(
    'git',
    [
      'ls-files',
      ...'plan facade migration contracts extracted/service-kit'
        .split(' ')
        .map((room) => `${room}/src/*.ts`),
    ],
    {
      cwd: repository,
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter((file) => file !== '' && !file.endsWith('.test.ts'));
  const wrong: string[] = [];
  let seen = 0;
  for (const file of files)
    for (const words of namedIn(await readFile(join(repository, file), 'utf8'))) {
      seen++;
      const problem = unlike(words);
      if (problem) wrong.push(`${file}: strangler ${words.join(' ')}: ${problem}`);
    }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(150);
});

test.each([
  ['run strangler frobnicate catalog', 'no command frobnicate'],
  ['run strangler dead-letters for ${context}', 'no command dead-letters for'],
  ['strangler verify ${context} --repair --kyes products:7', 'no option --kyes of verify'],
])('the check sees what is wrong in: %s', (text, problem) =>
  expect(namedIn(text).map(unlike)).toEqual([problem]),
);

/** Every command that does something, as it is typed: `dead-letters list`. */
const leaves = (command: Command, words: readonly string[] = []): string[] =>
  command.commands.length === 0
    ? [words.join(' ')]
    : command.commands.flatMap((child) => leaves(child, [...words, child.name()]));

test('every strangler command has a place in a document', async () => {
  const texts = await Promise.all(
    documents.map((file) => readFile(join(repository, file), 'utf8')),
  );
  const everything = texts.join('\n');
  const nowhere = leaves(program).filter((command) => !everything.includes(`strangler ${command}`));
  expect(nowhere).toEqual([]);
});

test.each([
  ['frobnicate catalog', /unknown command 'frobnicate'/],
  ['dead-letters frobnicate catalog', /unknown command 'frobnicate'/],
  ['cutover catalog --now', /unknown option '--now'/],
  ['cutover catalog -x', /unknown option '-x'/],
  ['cutover', /missing required argument/],
  ['cutover catalog shipping-rates', /too many arguments/],
  ['shadow catalog --sample', /argument missing/],
  ['shadow catalog --sample lots', /argument 'lots' is invalid/],
])('the check sees what is wrong with: %s', async (line, problem) => {
  expect(await misunderstanding(wordsOf(line))).toMatch(problem);
});

test('the check reads commands as a shell would, up to where they end', () => {
  const shown = commandsIn(
    [
      '```sh',
      'until npx strangler status catalog --json | grep -q up; do sleep 1; done',
      'npx strangler init --database "$A B" \\',
      '  --dry-run # tells what',
      '```',
      'See `strangler rollback <context>` and `npx strangler cutover`.',
    ].join('\n'),
  );
  expect(shown).toEqual([
    { words: ['status', 'catalog', '--json'], named: false },
    { words: ['init', '--database', '$A B', '--dry-run'], named: false },
    { words: ['rollback', 'context'], named: true },
    { words: ['cutover'], named: true },
  ]);
});

test('every link from one document to a file of this repository leads somewhere', async () => {
  const broken: string[] = [];
  for (const file of documents) {
    const text = await readFile(join(repository, file), 'utf8');
    for (const match of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const target = join(repository, file, '..', match[1] ?? '');
      const found = await readFile(target).catch(
        (error: NodeJS.ErrnoException) => error.code === 'EISDIR',
      );
      if (!found) broken.push(`${file} -> ${match[1]}`);
    }
  }
  expect(broken).toEqual([]);
});
