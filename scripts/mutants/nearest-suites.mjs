import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parse } from '@babel/parser';
import { repository } from './rooms.mjs';

const packages = { '@strangler-toolkit/plan': 'plan/src/index.ts' };

const importsOf = (file) => {
  const source = readFileSync(posix.join(repository, file), 'utf8');
  const { program } = parse(source, { sourceType: 'module', plugins: ['typescript'] });
  return program.body.flatMap((statement) => {
    const from = statement.source?.value;
    if (from === undefined || statement.importKind === 'type') return [];
    if (from.startsWith('.')) return [posix.join(posix.dirname(file), from)];
    return packages[from] ?? [];
  });
};

/** For each source file the suites that come to it through imports, nearest first. */
export function nearestSuites(suites) {
  const known = new Map();
  const imports = (file) => {
    if (!known.has(file)) known.set(file, importsOf(file));
    return known.get(file);
  };
  const reached = new Map();
  for (const suite of suites) {
    const seen = new Set([suite]);
    let edge = [suite];
    for (let steps = 1; edge.length > 0; steps += 1) {
      edge = edge.flatMap(imports).filter((file) => !seen.has(file) && seen.add(file));
      for (const file of new Set(edge)) {
        const named = suite === file.replace(/\.ts$/, '.test.ts') ? 0 : steps;
        reached.set(file, [...(reached.get(file) ?? []), { suite, steps: named }]);
      }
    }
  }
  return (file) =>
    (reached.get(file) ?? []).sort((a, b) => a.steps - b.steps).map(({ suite }) => suite);
}
