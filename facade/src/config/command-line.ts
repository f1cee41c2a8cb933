import { StranglerError } from '@strangler-toolkit/plan';

/** `without-flags`: start although there is no token to read flags with. */
export type Wish = 'start' | 'without-flags' | 'help' | 'version';

const options = new Map<string, Wish>([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-V', 'version'],
  ['--without-flags', 'without-flags'],
]);

/** Without `--processes N` or `--processes=N`, and what was said by it. @throws StranglerError USAGE */
export function takeProcesses(argv: readonly string[]): {
  readonly rest: readonly string[];
  readonly processes: string | undefined;
} {
  const at = argv.findIndex((argument) => /^--processes(=|$)/.test(argument));
  if (at < 0) return { rest: argv, processes: undefined };
  const [, inOne] = /=(.*)/.exec(argv[at] ?? '') ?? [];
  const processes = inOne ?? argv[at + 1];
  if (processes === undefined || !/^[1-9]\d*$/.test(processes))
    throw new StranglerError('USAGE', '--processes wants a number, at least 1', {
      remedy: 'For example: strangler-facade --processes 4',
    });
  return { rest: argv.toSpliced(at, inOne === undefined ? 2 : 1), processes };
}

/**
 * What the process is asked to do. All settings are environment variables, so anything else on the command line is a mistake
 * that must not start a facade.
 * @throws StranglerError USAGE
 */
export function parseCommandLine(argv: readonly string[]): Wish {
  const unknown = argv.find((argument) => !options.has(argument));
  if (unknown !== undefined)
    throw new StranglerError(
      'USAGE',
      unknown.startsWith('-')
        ? `strangler-facade has no option ${unknown}`
        : `strangler-facade takes no arguments, but was given ${unknown}`,
      { remedy: 'strangler-facade --help lists the options and variables.' },
    );
  const [first] = argv;
  return (first !== undefined && options.get(first)) || 'start';
}
