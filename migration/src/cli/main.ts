import { inspect } from 'node:util';
import { readFileSync } from 'node:fs';
import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { CommanderError } from 'commander';
import type { Session } from './command.ts';
import { asStranglerError, exitCodeOf } from './exit-codes.ts';
import { jsonText } from '../json-text.ts';
import { logSettings } from './log-line.ts';
import { buildProgram } from './program.ts';
import { Terminal } from './terminal.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };
const interrupted = new AbortController();
const terminal = openTerminal();
const session: Session = { terminal, signal: interrupted.signal, exitCode: 0 };

// The first Ctrl-C asks the step to clean up; the second one ends the process where it stands.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130);
    terminal.talk('stopping; Ctrl-C again ends at once');
    interrupted.abort();
  });
}
// A reader that goes away (| head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : 1),
);

function openTerminal(): Terminal {
  try {
    return new Terminal(logSettings(process.env));
  } catch (error) {
    const known = asStranglerError(error);
    new Terminal().fail(known);
    process.exit(exitCodeOf(known, false));
  }
}

/** What commander has said on stderr, for programs. */
const usageError = ({ message }: CommanderError) =>
  new StranglerError('USAGE', message.replace(/^error: /, '').split('\n')[0] ?? '');

const program = buildProgram(session, version);
try {
  await program.parseAsync(process.argv);
  process.exitCode = interrupted.signal.aborted ? 130 : session.exitCode;
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    if (error.exitCode !== 0 && process.argv.includes('--json'))
      terminal.data(jsonText({ error: usageError(error) }));
  } else {
    const known = asStranglerError(error);
    if (process.argv.includes('--json')) terminal.data(jsonText({ error: known.toJSON() }));
    terminal.fail(known);
    if (process.env.STRANGLER_DEBUG && known.cause) terminal.talk(inspect(known.cause));
    process.exitCode = exitCodeOf(
      known,
      interrupted.signal.aborted && !(isStranglerError(error) && error.code === 'GATE_REFUSED'),
    );
  }
}
