// npm test: Jest with what this repository adds to it. Everything but --quick is Jest's own.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Commands, facades and services are started hundreds of times: each reads what it was compiled to the last time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../../node_modules/.cache/node-compiled', import.meta.url),
);
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const quick = process.argv.indexOf('--quick');
if (quick > 0) {
  process.argv.splice(quick, 1);
  process.env.TEST_QUICK = '1';
}
process.env.NODE_ENV ??= 'test';
const { run } = await import('jest');
await run();
