import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../../migration/src/cli/program.ts';
import { Terminal } from '../../migration/src/cli/terminal.ts';

const repository = new URL('../..', import.meta.url).pathname;
const program = buildProgram(
  { terminal: new Terminal(), signal: new AbortController().signal, exitCode: 0 },
  '0',
);

/** Why the command line would not understand the words; empty when it would. */
function misunderstanding(words: readonly string[]): string {
  let command: Command = program;
  let rest = [...words];
  for (;;) {
    const child = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (!child) break;
    command = child;
    rest = rest.slice(1);
  }
  if (command === program)
    return rest.length === 0 || rest[0]?.startsWith('-') ? '' : `no command ${rest[0]}`;
  const known = new Set(command.options.flatMap((option) => [option.long, option.short]));
  const unknown = rest.find(
    (word) => word.startsWith('--') && word !== '--help' && !known.has(word),
  );
  return unknown ? `${command.name()} has no option ${unknown}` : '';
}

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: repository, encoding: 'utf8' })
  .split('\n')
  .filter(Boolean);

test('every strangler command that a document shows is one that the command line understands', async () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of documents) {
    const text = await readFile(join(repository, file), 'utf8');
    for (const match of text.matchAll(/(?:npx strangler|`strangler)((?: +[\w./:,=-]+)+)/g)) {
      seen++;
      const problem = misunderstanding((match[1] ?? '').trim().split(/ +/));
      if (problem) wrong.push(`${file}: strangler${match[1]}: ${problem}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(30);
});

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

test('the check sees a command and an option that do not exist', () => {
  expect(misunderstanding(['frobnicate', 'catalog'])).toBe('no command frobnicate');
  expect(misunderstanding(['cutover', 'catalog', '--now'])).toBe('cutover has no option --now');
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
