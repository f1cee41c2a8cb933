import { isStranglerError } from '@strangler-toolkit/plan';
import { loadContexts } from '@strangler-toolkit/plan/load';
import { pino } from 'pino';
import { environmentHelp, parseEnvironment } from './config/environment.ts';
import { createFacade } from './facade.ts';

/** The process: environment in, one facade, drained on SIGTERM and SIGINT. */
export async function main(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(environmentHelp());
    return;
  }
  try {
    const settings = parseEnvironment(env);
    const log = pino({ level: settings.FACADE_LOG_LEVEL, base: { name: settings.FACADE_NAME } });
    const loaded = await loadContexts(settings.STRANGLER_CONTEXTS);
    const facade = createFacade({
      contexts: [...loaded.values()].map((context) => context.definition),
      monolithUrl: settings.MONOLITH_URL,
      env,
      stateDir: settings.FACADE_STATE_DIR,
      name: settings.FACADE_NAME,
      log,
      host: settings.FACADE_HOST,
      port: settings.FACADE_PORT,
      adminPort: settings.FACADE_ADMIN_PORT,
      ...(settings.STRANGLER_CONTROL_URL ? { controlUrl: settings.STRANGLER_CONTROL_URL } : {}),
      ...(settings.UNLEASH_URL && settings.UNLEASH_CLIENT_TOKEN
        ? {
            unleash: {
              url: settings.UNLEASH_URL,
              token: settings.UNLEASH_CLIENT_TOKEN,
              environment: settings.UNLEASH_ENVIRONMENT,
              refreshMs: settings.UNLEASH_REFRESH_MS,
            },
          }
        : {}),
      debugHeaders: settings.FACADE_DEBUG_HEADERS === '1',
      trustedProxies: settings.FACADE_TRUSTED_PROXIES.split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
      limits: {
        timeoutMs: settings.FACADE_TIMEOUT_MS,
        holdMaxWaiting: settings.FACADE_HOLD_MAX_WAITING,
        holdMaxMs: settings.FACADE_HOLD_MAX_MS,
        freshnessMs: settings.FACADE_FRESHNESS_MS,
        pinMs: settings.FACADE_PIN_MS,
        drainMs: settings.FACADE_DRAIN_MS,
        shadowConcurrency: settings.FACADE_SHADOW_CONCURRENCY,
        shadowMaxJobs: settings.FACADE_SHADOW_MAX_JOBS,
        shadowMaxBodyBytes: settings.FACADE_SHADOW_MAX_BODY_BYTES,
        shadowTimeoutMs: settings.FACADE_SHADOW_TIMEOUT_MS,
      },
    });
    const { port, adminPort } = await facade.start();
    log.info({ port, adminPort }, 'listening');
    const drain = (signal: string): void => {
      log.info({ signal }, 'draining');
      facade.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.once('SIGTERM', drain);
    process.once('SIGINT', drain);
  } catch (error) {
    const text = isStranglerError(error)
      ? `${error.code}: ${error.message}\n  ${error.remedy}\n`
      : `${error instanceof Error ? error.stack : String(error)}\n`;
    process.stderr.write(text);
    process.exit(1);
  }
}

if (import.meta.main) await main();
