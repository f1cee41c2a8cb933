#!/usr/bin/env node
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `strangler needs Node.js 24 or newer; this is ${process.versions.node}.\nInstall it ` +
      `(https://nodejs.org), or add it to the project: npm install --save-dev node@24, then: npx ` +
      `strangler …\n`,
  );
  process.exit(1);
}

const source = new URL('../src/cli/main.ts', import.meta.url);
const packed = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(source))) {
  // In the repository packages run from their sources, as if Node had been started with --conditions=strangler-source.
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, {
        ...context,
        conditions: [...new Set([...context.conditions, 'strangler-source'])],
      }),
  });
  await import(source.href);
} else {
  await import(packed.href);
}
