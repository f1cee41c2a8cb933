import { explainFailure } from './db/connection-failure.ts';
import { startServer } from './server.ts';
import { parseShopUrls } from './storefront/shop-address.ts';

const print = (entry: object): void =>
  console.log(JSON.stringify({ time: new Date().toISOString(), app: 'legacy-monolith', ...entry }));

const {
  DATABASE_URL,
  HOST = '127.0.0.1',
  PORT = '3000',
  ENABLE_TEST_STATES,
  BUILD_VERSION,
  PUBLIC_URL,
} = process.env;
const port = Number(PORT);
if (!DATABASE_URL) {
  print({
    level: 'fatal',
    msg: 'DATABASE_URL is not set',
    remedy: 'set it, for example postgresql://user:password@127.0.0.1:5432/shop',
  });
  process.exit(1);
}
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  print({ level: 'fatal', msg: `PORT is ${PORT}`, remedy: 'set a number from 0 to 65535' });
  process.exit(1);
}
const shopUrls = PUBLIC_URL ? parseShopUrls(PUBLIC_URL) : [];
if (!shopUrls) {
  print({
    level: 'fatal',
    msg: `PUBLIC_URL is ${PUBLIC_URL}`,
    remedy:
      'set where visitors reach the shop, for example http://127.0.0.1:8080; several are separated by commas',
  });
  process.exit(1);
}

try {
  const server = await startServer({
    databaseUrl: DATABASE_URL,
    host: HOST,
    port,
    testStates: ENABLE_TEST_STATES === '1',
    build: BUILD_VERSION,
    pages: { shopUrls },
    log: (entry) => print({ level: 'error', ...entry }),
  });
  print({ level: 'info', msg: 'listening', host: HOST, port: server.port });
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      print({ level: 'info', msg: 'stopping', signal });
      void server.close().then(() => process.exit(0));
    });
  }
} catch (error) {
  print({ level: 'fatal', msg: 'cannot start', ...explainFailure(error) });
  process.exit(1);
}
