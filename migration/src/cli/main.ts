import { readFileSync } from 'node:fs';
import { asStranglerError, exitCodeOf } from './exit-codes.ts';
import { logSettings } from './log-line.ts';
import { run } from './run.ts';
import { Terminal } from './terminal.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };
const interrupted = new AbortController();
const terminal = openTerminal();

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

process.exitCode = await run(process.argv.slice(2), terminal, {
  signal: interrupted.signal,
  version,
});
