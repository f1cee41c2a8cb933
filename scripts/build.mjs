// Builds a package to dist/, and before it the packages that it needs: node scripts/build.mjs facade
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = new Map(
  published.map((folder) => [
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name,
    folder,
  ]),
);
const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin',
  'tsc',
);

const named = process.argv.slice(2);
const wanted = new Set(named.length > 0 ? named : folders.values());
const done = new Set();
function build(folder) {
  if (done.has(folder)) return;
  done.add(folder);
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
    if (folders.has(name)) build(folders.get(name));
  // A needed package that is built already stays, so that two builds side by side do not pull it from under each other.
  if (!wanted.has(folder) && existsSync(join(root, folder, 'dist', 'index.d.ts'))) return;
  rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  const { status } = spawnSync(
    process.execPath,
    [tsc, '-p', join(root, folder, 'tsconfig.build.json')],
    { stdio: ['ignore', 2, 2] },
  );
  if (status !== 0) {
    console.error(`building ${folder} failed`);
    process.exit(1);
  }
}

for (const folder of wanted) build(folder);
