import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { completionScript, nextWords } from './completion.ts';

const program = new Command('strangler')
  .option('--version', 'shows it')
  .addCommand(new Command('status').option('--json', 'for programs'))
  .addCommand(
    new Command('fence').addCommand(
      new Command('install').argument('<context>').option('--yes', 'do not ask'),
    ),
  );
const words = nextWords(program);

test('what may come next stands for every command, options and help included', () => {
  expect([...words]).toEqual([
    ['', ['status', 'fence', '--version', '--help']],
    ['status', ['--json', '--help']],
    ['fence', ['install', '--help']],
    ['fence install', ['--yes', '--help']],
  ]);
});

/** As bash asks: the last word is the one that is being typed. */
const completed = (...typed: string[]): string[] =>
  execFileSync(
    'bash',
    [
      '-c',
      `${completionScript('bash', words)}
COMP_WORDS=(strangler "$@"); COMP_CWORD=$#; _strangler; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...typed,
    ],
    { encoding: 'utf8' },
  )
    .split('\n')
    .filter(Boolean);

test('bash completes commands, commands of commands and options, also after a context was named', () => {
  expect(completed('')).toEqual(['status', 'fence', '--version', '--help']);
  expect(completed('st')).toEqual(['status']);
  expect(completed('fence', '')).toEqual(['install', '--help']);
  expect(completed('fence', 'install', 'status', '--')).toEqual(['--yes', '--help']);
  expect(completed('nonsense', '--v')).toEqual(['--version']);
});

test.each(['zsh', 'fish'] as const)('%s is given every path with what may come next', (shell) => {
  const script = completionScript(shell, words);
  for (const [path, next] of words) {
    expect(script).toContain(`"${path}"`);
    expect(script).toContain(next.join(' '));
  }
});

// zsh itself is on few machines that run this: asked by hand, 5.9 ended with «unrecognized modifier» at the first, and the
// second is its list of folders with programs.
test('zsh is given nothing that it reads otherwise than bash: an offset that begins with a letter, a variable «path»', () => {
  const script = completionScript('zsh', words);
  expect(script).toContain('COMP_WORDS[@]:1:');
  expect(script).not.toMatch(/\[@\][^}]*:[A-Za-z]/);
  expect(script).not.toMatch(/\bpath\b/);
});
