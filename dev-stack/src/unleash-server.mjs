// The real Unleash server, in a process of its own: it is AGPL, so no code of this project ever imports it.
import { registerHooks } from 'node:module';

// Node asks for the package of every file that it imports, and reads its list of exports anew each time: date-fns has
// four hundred of them for as many files. Half of what it takes to load Unleash.
const modulesOnly = /\/node_modules\/(unleash-server|date-fns)\//;
registerHooks({
  resolve(specifier, context, next) {
    if (!/^\..*\.js$/.test(specifier) || !modulesOnly.test(context.parentURL ?? ''))
      return next(specifier, context);
    const { href } = new URL(specifier, context.parentURL);
    return { url: href, format: 'module', shortCircuit: true };
  },
});
const { LogLevel, start } = await import('unleash-server');

const { UNLEASH_DATABASE_URL, UNLEASH_PORT } = process.env;
const unleash = await start({
  databaseUrl: UNLEASH_DATABASE_URL,
  db: { ssl: false, pool: { min: 0, max: 8 } },
  server: {
    port: Number(UNLEASH_PORT),
    host: '127.0.0.1',
    serverMetrics: false,
    gracefulShutdownEnable: false,
  },
  versionCheck: { enable: false },
  logLevel: LogLevel.error,
  // A demo and its tests ask often and from one address.
  rateLimiting: { createUserMaxPerMinute: 10_000, simpleLoginMaxPerMinute: 10_000 },
  clientFeatureCaching: { enabled: false },
});
process.once('SIGTERM', () => {
  unleash
    .stop()
    .catch(() => {})
    .finally(() => process.exit(0));
  setTimeout(() => process.exit(0), 2_000).unref();
});
console.log(JSON.stringify({ level: 30, msg: 'listening', port: Number(UNLEASH_PORT) }));
