#!/usr/bin/env node
import { existsSync } from 'node:fs';

// Packed, the build is there; in the repository the sources run as they are, and find the other packages' sources.
const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  await main();
} else {
  const { registerHooks } = await import('node:module');
  registerHooks({ resolve: (specifier, context, next) => next(specifier, { ...context, conditions: [...new Set(['strangler-source', ...(context.conditions ?? [])])] }) });
  const { main } = await import(new URL('../src/main.ts', import.meta.url).href);
  await main();
}
