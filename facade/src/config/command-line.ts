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
