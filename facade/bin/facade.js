#!/usr/bin/env node
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `strangler-facade needs Node.js 24 or newer; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}

// In the repository the sources run as they are, whatever an earlier build left in dist; a packed package has no sources.
const source = new URL('../src/main.ts', import.meta.url);
if (existsSync(source)) {
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, {
        ...context,
        conditions: [...new Set(['strangler-source', ...(context.conditions ?? [])])],
      }),
  });
  const { main } = await import(source.href);
  await main();
} else {
  const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
  await main();
}
