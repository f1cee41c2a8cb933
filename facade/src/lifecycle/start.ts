import type { Logger } from 'pino';
import type { FacadeOptions } from '../config/options.ts';
import { settings } from '../config/settings.ts';
import { openFlagReader } from '../flags/open-flag-reader.ts';
import { flagsDetail, withoutFlags } from '../flags/without-flags.ts';
import type { Parts } from './assemble.ts';
import { listen } from './listen.ts';
import { release } from './release.ts';

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');

export function warnOfOpenPort(log: Logger, adminHost: string, token: string | undefined): void {
  if (token === undefined && !isLoopback(adminHost))
    log.warn(
      { adminHost, remedy: 'FACADE_ADMIN_TOKEN' },
      'metrics and routes are told to everybody who reaches the admin port',
    );
}

/**
 * Operators first, clients last: nobody is served before flags and owners are known, or known to be out of reach.
 * @throws StranglerError PORT_IN_USE
 */
export async function start(
  parts: Parts,
  options: FacadeOptions,
): Promise<{ readonly port: number; readonly adminPort: number }> {
  const { serving, clients, admin, flags, controlFlags } = parts;
  const { limits, log, ownership } = serving;
  const host = options.host ?? settings.host.standard;
  try {
    const adminHost = options.adminHost ?? settings.adminHost.standard;
    warnOfOpenPort(log, adminHost, options.adminToken);
    await serving.spans?.open();
    const adminPort = await listen(admin, options.adminPort ?? 0, adminHost, {
      exclusive: true,
    });
    flags.use(
      await openFlagReader({
        name: options.name,
        stateDir: options.stateDir,
        ...(options.fixedFlags && { fixedFlags: options.fixedFlags }),
        ...(options.unleash && { unleash: options.unleash }),
        control: controlFlags,
        startMs: limits.startMs,
        onProblem: (problem) => log.warn({ problem }, 'flags'),
      }),
    );
    const lacking = flagsDetail(flags);
    if (lacking === withoutFlags) log.warn(lacking, 'no flag provider is set');
    else if (lacking) log.info(lacking, 'flags come from the control database');
    // so long at most: a name that is not known yet is looked up by every connection
    await Promise.all([ownership.start(), serving.names.start(Math.min(limits.startMs, 1_000))]);
    serving.watch.start();
    const port = await listen(clients.server, options.port ?? 0, host);
    parts.phase = 'serving';
    return { port, adminPort };
  } catch (error) {
    admin.close();
    await release(parts);
    throw error;
  }
}
