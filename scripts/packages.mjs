// Packs every published package and looks at the tarball as somebody's npm and TypeScript would: publint (does package.json say
// what is inside), are-the-types-wrong (does every entry resolve to types that fit), and what the two cannot know.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatMessage } from 'publint/utils';
import { publint } from 'publint';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = (...path) => readFileSync(join(root, ...path), 'utf8');
const rootManifest = JSON.parse(text('package.json'));

function run(command, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { ok: status === 0, stdout, said: `${stdout}${stderr}`.trim() };
}

/** What package.json must say for a page in a registry to be of use, and what must lie beside it. */
function incomplete(manifest, entries) {
  const missing = ['description', 'license', 'engines', 'exports', 'files', 'keywords']
    .filter((field) => manifest[field] === undefined)
    .map((field) => `package.json has no ${field}`);
  for (const file of ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'])
    if (!entries.includes(file)) missing.push(`${file} is not in the tarball`);
  for (const entry of entries)
    if (/\.test\.|^src\/|^test\/|tsconfig/.test(entry)) missing.push(`${entry} is in the tarball`);
  if (manifest.version !== rootManifest.version)
    missing.push(`version ${manifest.version} is not the repository's ${rootManifest.version}`);
  return missing;
}

async function complaints(folder, into) {
  const manifest = JSON.parse(text(folder, 'package.json'));
  const packed = run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', into],
    join(root, folder),
  );
  if (!packed.ok) return [packed.said];
  // npm 11 answers with a list, npm 12 with an object by name.
  const [{ filename, files }] = Object.values(JSON.parse(packed.stdout));
  const found = incomplete(
    manifest,
    files.map((file) => file.path),
  );
  if (text(folder, 'LICENSE') !== text('LICENSE')) found.push('LICENSE is not the repository’s');
  const tarball = join(into, filename);
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
    strict: true,
  });
  for (const message of messages) found.push(`publint: ${formatMessage(message, pkg)}`);
  const types = run('node_modules/.bin/attw', [
    ...[tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color', '--no-emoji'],
  ]);
  if (!types.ok) found.push(types.said);
  return found;
}

const build = run(process.execPath, ['scripts/build.mjs']);
if (!build.ok) {
  console.error(build.said);
  process.exit(1);
}
const into = mkdtempSync(join(tmpdir(), 'strangler-packages-'));
try {
  for (const folder of published) {
    const found = await complaints(folder, into);
    console.log(
      `${folder}: ${found.length === 0 ? 'ok' : found.map((one) => `\n  ${one}`).join('')}`,
    );
    if (found.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(into, { recursive: true, force: true });
}
