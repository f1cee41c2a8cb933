import type { Logger } from 'pino';
import type { Environment } from '../config/environment.ts';
import { listen } from '../lifecycle/listen.ts';
import { warnOfOpenPort } from '../lifecycle/start.ts';
import { Children } from './children.ts';
import { operatorsPort } from './operators-port.ts';

/**
 * Several facades behind one port, drained together: each is an instance of its own to the control database. Connections are
 * handed out by `node:cluster`: with `reusePort` those that wait at a process that ends would be reset. A process whose parent is
 * gone ends.
 * @returns what the first one ended with, where it never served
 * @throws StranglerError PORT_IN_USE
 */
export async function runProcesses(
  { FACADE_PROCESSES: count, FACADE_NAME: name, ...environment }: Environment,
  log: Logger,
  exit: (code: number) => void,
): Promise<number | undefined> {
  const children = new Children(count, name, log);
  const admin = operatorsPort(() => children.all);
  const adminHost = environment.FACADE_ADMIN_HOST;
  warnOfOpenPort(log, adminHost, environment.FACADE_ADMIN_TOKEN);
  const adminPort = await listen(admin, environment.FACADE_ADMIN_PORT, adminHost);
  let draining = false;
  const drain = (signal: string): void => {
    if (draining) return;
    draining = true;
    log.info({ signal }, 'draining');
    children.stop().then(
      () => exit(0),
      () => exit(1),
    );
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
  process.on('SIGHUP', () => children.readAgain());
  const failed = await children.start();
  if (draining) return undefined;
  if (failed !== undefined) {
    admin.close();
    return failed;
  }
  const host = environment.FACADE_HOST;
  const port = children.all[0]?.listening?.port;
  log.info({ host, port, adminHost, adminPort, processes: count }, 'listening');
  log.warn(
    { processes: count },
    'limits, caches and ramp ceilings count in each process: together they let through so many times as much',
  );
  return undefined;
}
