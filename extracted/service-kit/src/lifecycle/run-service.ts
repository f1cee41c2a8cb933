import type { Logger } from 'pino';
import { isServiceError } from '../errors.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { RunningService } from './start-service.ts';

/**
 * The whole life of a service's process: start, serve until SIGTERM or SIGINT, stop in order, exit 0.
 * What prevents the start is one clear line and exit code 1.
 */
export async function runService(
  name: string,
  start: (logger: Logger) => Promise<RunningService>,
): Promise<void> {
  const logger = createLogger(name);
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    // Installed before the start: whoever reads the line `listening` may send a signal at once.
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  try {
    const service = await start(logger);
    void signal
      .then((name) => service.stop(name))
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.fatal({ err: error }, 'could not stop cleanly');
          process.exit(1);
        },
      );
  } catch (error) {
    if (isServiceError(error)) {
      logger.fatal({ code: error.code, remedy: error.remedy }, error.message);
      process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
    } else {
      logger.fatal({ err: error }, 'could not start');
      process.stderr.write(`INTERNAL: ${error instanceof Error ? error.message : String(error)}\n`);
    }
    process.exitCode = 1;
    // A half-started service may hold sockets that would keep the process alive.
    setImmediate(() => process.exit(1));
  }
}
