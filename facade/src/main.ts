import cluster from 'node:cluster';
import { isStranglerError } from '@strangler-toolkit/plan';
import { watchFolder } from '@strangler-toolkit/plan/load';
import { logWritten, openLog } from './telemetry/open-log.ts';
import { parseCommandLine, takeProcesses } from './config/command-line.ts';
import { parseEnvironment } from './config/environment.ts';
import { environmentHelp } from './config/help.ts';
import { loadDefinitions } from './config/load-definitions.ts';
import { optionsOf } from './config/options.ts';
import { packageVersion } from './config/package-version.ts';
import { loadEdge } from './edge/load-edge.ts';
import { createFacade } from './facade.ts';
import { runProcesses } from './processes/run-processes.ts';

/** One facade from the environment, drained on SIGTERM and SIGINT; context files are read again on SIGHUP. */
async function run(env: NodeJS.ProcessEnv, withoutFlags: boolean): Promise<void> {
  const environment = parseEnvironment(env);
  const log = openLog(environment.FACADE_LOG_LEVEL, environment.FACADE_NAME, cluster.isWorker);
  const folder = environment.STRANGLER_CONTEXTS;
  const named = Boolean(env.STRANGLER_CONTEXTS);
  // from before they are read: what changes while the facade starts is read again when it has
  let again = (): void => void (changedMeanwhile = true);
  let changedMeanwhile = false;
  process.on('SIGHUP', () => again());
  if (environment.FACADE_RELOAD === '1')
    watchFolder(
      folder,
      () => again(),
      (problem) =>
        log.warn({ folder, problem }, 'context files are not watched: SIGHUP has them read again'),
    );
  const contexts = await loadDefinitions(folder, named);
  if (contexts.length === 0)
    log.warn({ folder }, 'no context file: everything goes to the monolith as it comes');
  const facade = createFacade({
    ...optionsOf(environment, { withoutFlags }),
    ...(environment.FACADE_EDGE && { edge: await loadEdge(environment.FACADE_EDGE) }),
    contexts,
    env,
    log,
  });
  const { port, adminPort } = await facade.start();
  const { FACADE_HOST: host, FACADE_ADMIN_HOST: adminHost } = environment;
  log.info({ host, port, adminHost, adminPort }, 'listening');
  // what was wrong is logged and told by readiness
  again = () => void facade.reload(() => loadDefinitions(folder, named, true)).catch(() => {});
  if (changedMeanwhile) again();
  if (cluster.isWorker) process.send?.({ listening: { port, adminPort } });
  let draining = false;
  const drain = (signal: string): void => {
    // whoever stops a group of processes tells each, and so does the one that started them
    if (draining && cluster.isWorker) return;
    draining = true;
    log.info({ signal }, 'draining');
    const exit = (code: number) => logWritten(log).finally(() => process.exit(code));
    facade.stop().then(
      () => exit(0),
      () => exit(1),
    );
  };
  const on = cluster.isWorker ? 'on' : 'once';
  process[on]('SIGTERM', drain);
  process[on]('SIGINT', drain);
}

/** As many as the environment says. A child of several runs as one does. */
async function runAll(env: NodeJS.ProcessEnv, withoutFlags: boolean): Promise<void> {
  const environment = parseEnvironment(env);
  if (cluster.isWorker || environment.FACADE_PROCESSES === 1) return run(env, withoutFlags);
  const log = openLog(environment.FACADE_LOG_LEVEL, environment.FACADE_NAME, true);
  const exit = (code: number): void => void logWritten(log).finally(() => process.exit(code));
  const failed = await runProcesses(environment, log, exit);
  if (failed !== undefined) exit(failed);
}

const told = (error: unknown): string =>
  isStranglerError(error)
    ? `${error.code}: ${error.message}\n  ${error.remedy}\n`
    : `${error instanceof Error ? error.stack : String(error)}\n`;

/** As of every command: what whoever started it has to mend is 2. */
const exitCodeOf = (error: unknown): number =>
  isStranglerError(error) && /^(USAGE$|CONFIG_)/.test(error.code) ? 2 : 1;

/** The process: command line and environment in; exit 1 for an error, 2 for a command line, setting or context file that cannot be. */
export async function main(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  try {
    const { rest, processes } = takeProcesses(argv);
    const wish = parseCommandLine(rest);
    const said = processes === undefined ? env : { ...env, FACADE_PROCESSES: processes };
    if (wish === 'help') process.stdout.write(environmentHelp());
    else if (wish === 'version') process.stdout.write(`${packageVersion()}\n`);
    else await runAll(said, wish === 'without-flags');
  } catch (error) {
    process.stderr.write(told(error));
    process.exit(exitCodeOf(error));
  }
}

if (import.meta.main) await main();
