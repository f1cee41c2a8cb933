import { inspect } from 'node:util';
import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { CommanderError } from 'commander';
import { jsonText } from '../json-text.ts';
import { asStranglerError, exitCodeOf } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

/** What commander has said on stderr, for programs. */
const usageError = ({ message }: CommanderError) =>
  new StranglerError('USAGE', message.replace(/^error: /, '').split('\n')[0] ?? '');

/** One command, from its words to what it exits with: parsed, run, printed. */
export async function run(
  words: readonly string[],
  terminal: Terminal,
  { signal, version }: { readonly signal: AbortSignal; readonly version: string },
): Promise<number> {
  const session = { terminal, signal, exitCode: 0 };
  const json = words.includes('--json');
  try {
    await buildProgram(session, version).parseAsync([...words], { from: 'user' });
    return signal.aborted ? 130 : session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (json) terminal.data(jsonText({ error: usageError(error) }));
      return 2;
    }
    const known = asStranglerError(error, signal.aborted);
    if (json) terminal.data(jsonText({ error: known.toJSON() }));
    terminal.fail(known);
    if (process.env.STRANGLER_DEBUG && known.cause) terminal.talk(inspect(known.cause));
    return exitCodeOf(
      known,
      signal.aborted && !(isStranglerError(error) && error.code === 'GATE_REFUSED'),
    );
  }
}
