import { StranglerError } from '@strangler-toolkit/plan';
import { Command, InvalidArgumentError } from 'commander';
import type { Step } from '../steps/step.ts';
import type { Toolkit } from '../steps/toolkit.ts';
import { jsonText } from '../json-text.ts';
import type { Terminal } from './terminal.ts';
import { dryRunText } from './text/dry-run.ts';

export interface Session {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Set by a command whose outcome is not an error: differences found, drift. */
  exitCode: number;
}

export interface CommonOptions {
  readonly json?: boolean;
  readonly contexts?: string;
  readonly control?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly reason?: string;
}

export interface CommandShape {
  /** e.g. `cutover <context>` */
  readonly usage: string;
  readonly summary: string;
  readonly description?: string;
  /** Shown at the end of --help. */
  readonly examples: readonly string[];
  /** Adds --dry-run and --yes. */
  readonly changes?: boolean;
  /** Adds --force and --reason. */
  readonly gated?: boolean;
}

/** A command with the options that all share. */
export function makeCommand(shape: CommandShape): Command {
  const [name = '', ...args] = shape.usage.split(' ');
  const command = new Command(name)
    .summary(shape.summary)
    .description(shape.description ?? shape.summary);
  for (const argument of args) command.argument(argument);
  command.option('--json', 'print one JSON object (or one per line) on stdout');
  command.option(
    '--contexts <dir>',
    'folder of the context files (default: STRANGLER_CONTEXTS, else ./contexts)',
  );
  command.option('--control <url>', 'control database (default: STRANGLER_CONTROL_URL)');
  if (shape.changes)
    command
      .option('--dry-run', 'show what would be done, and change nothing')
      .option('-y, --yes', 'do not ask');
  if (shape.gated)
    command
      .option('--force', 'pass by gates that refuse; needs --reason')
      .option('--reason <text>', 'why the gates are passed by; journaled');
  command.addHelpText(
    'after',
    `\nExamples:\n${shape.examples.map((example) => `  $ strangler ${example}`).join('\n')}`,
  );
  return command;
}

export const percent = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 100)
    throw new InvalidArgumentError('must be a whole number from 0 to 100.');
  return value;
};
export const count = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('must be a whole number.');
  return value;
};
/** Of gates that ask a Pact Broker as well. */
export const withoutBroker = [
  '--no-broker',
  'do not ask the Pact Broker that is set; needs --reason',
] as const;
/** An option that may be given more than once. */
export const several = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  text,
];
/** `30`, `30s`, `5m`, `1h`, `500ms` → seconds */
export const duration = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('must be a time such as 30s, 5m or 1h.');
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  return Number(match[1]) * (units[match[2] ?? 's'] ?? 1);
};

const print = (
  terminal: Terminal,
  json: boolean | undefined,
  value: unknown,
  text: () => string,
): void => {
  terminal.data(json ? jsonText(value) : text());
};

/** What all gated commands take to pass by their gates. */
export const force = (common: CommonOptions & { facade?: boolean; broker?: boolean }) => ({
  ...(common.force && { force: true }),
  ...(common.reason !== undefined && { reason: common.reason }),
  ...(common.facade === false && { noFacade: true }),
  ...(common.broker === false && { noBroker: true }),
});

/** Whoever closes a terminal ends what runs in it; a process without one is told so to read its files again. */
function onHangup(listener: () => void): () => void {
  if (process.stderr.isTTY || process.stdout.isTTY) return () => undefined;
  process.on('SIGHUP', listener);
  return () => void process.off('SIGHUP', listener);
}

/** Opens what a command needs that only looks, runs it, and closes everything whatever happens. */
export async function withToolkit<T>(
  session: Session,
  options: CommonOptions,
  work: (kit: Toolkit) => Promise<T>,
  { onlyLooks = true }: { readonly onlyLooks?: boolean } = {},
): Promise<T> {
  const [{ Toolkit: ToolkitOf }, { controlFailure }, { tellWhoseDatabase }] = await Promise.all([
    import('../steps/toolkit.ts'),
    import('../control/control-database.ts'),
    import('../steps/whose-database.ts'),
  ]);
  const kit = new ToolkitOf({
    env: process.env,
    signal: session.signal,
    onlyLooks,
    onProgress: session.terminal.progress,
    onHangup,
    ...(options.contexts !== undefined && { contextsDir: options.contexts }),
    ...(options.control !== undefined && { controlUrl: options.control }),
  });
  try {
    return await work(kit);
  } catch (error) {
    const url = options.control ?? process.env.STRANGLER_CONTROL_URL ?? '';
    throw await tellWhoseDatabase(kit, controlFailure(error, url));
  } finally {
    await kit.close();
  }
}

/** A step with its options, what is asked before it and how its result is shown. */
export interface Run<Options, Result> {
  readonly step: Step<Options, Result>;
  readonly options: Options;
  /** It changes nothing, dry run or not. */
  readonly onlyLooks?: boolean;
  /** The question to a person, which --yes answers. */
  readonly confirm?: string;
  readonly text: (result: Result) => string;
  readonly exitCode?: (result: Result) => number;
}

/** Runs a step or its dry run, and prints what came out. */
export async function runStep<Options, Result>(
  session: Session,
  common: CommonOptions,
  { step, options, onlyLooks, confirm, text, exitCode }: Run<Options, Result>,
): Promise<void> {
  const work = async (kit: Toolkit): Promise<void> => {
    if (common.force && !common.reason)
      throw new StranglerError('USAGE', '--force needs --reason "why", which is journaled');
    if (common.dryRun) {
      const dry = await step.dryRun(kit, options);
      print(session.terminal, common.json, dry, () => dryRunText(dry));
      if (dry.refusal) session.exitCode = dry.refusal.code === 'GATE_REFUSED' ? 4 : 1;
      return;
    }
    if (confirm !== undefined && !common.yes)
      await session.terminal.confirm(confirm, session.signal);
    const result = await step.execute(kit, options);
    print(session.terminal, common.json, result, () => text(result));
    session.exitCode = exitCode?.(result) ?? 0;
  };
  await withToolkit(session, common, work, { onlyLooks: onlyLooks ?? common.dryRun === true });
}

export { print };
