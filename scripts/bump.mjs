// The next version in one command: what waits in .changeset/ decides how much the packages' shared version grows, and its sentences
// become the newest part of CHANGELOG.md. Nothing is committed, tagged or published: look at the difference first.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { published } from './published.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(join(root, file), 'utf8');
const versionOf = (folder) => JSON.parse(read(join(folder, 'package.json'))).version;

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Every waiting change: its largest bump and its text. */
function waiting() {
  return readdirSync(join(root, '.changeset'))
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => {
      const [, front = '', text = ''] = read(`.changeset/${file}`).split(/^---$/m);
      const bumps = Object.values(parse(front) ?? {});
      const bump = ['major', 'minor', 'patch'].find((one) => bumps.includes(one));
      return { bump, text: text.trim().replaceAll('\n', '\n  ') };
    });
}

const headings = { major: 'Changed', minor: 'Added', patch: 'Fixed' };

/** The sections under "Unreleased" that were written by hand, by heading; changesets join them. */
function sections(unreleased, changes) {
  const found = new Map();
  for (const part of unreleased.split(/^### /m).slice(1)) {
    const [heading, ...lines] = part.split('\n');
    found.set(
      heading,
      lines
        .join('\n')
        .trim()
        .split(/\n(?=- )/),
    );
  }
  for (const { bump, text } of changes)
    if (bump) found.set(headings[bump], [...(found.get(headings[bump]) ?? []), `- ${text}`]);
  return [...found].map(([heading, lines]) => `### ${heading}\n\n${lines.join('\n')}\n`).join('\n');
}

function writeChangelog(version, changes) {
  const [before, rest] = read('CHANGELOG.md').split(/^## \[Unreleased\]$/m);
  if (rest === undefined) throw new Error('CHANGELOG.md has no line "## [Unreleased]"');
  const older = rest.search(/^## \[/m);
  const unreleased = older < 0 ? rest : rest.slice(0, older);
  const day = new Date().toISOString().slice(0, 10);
  const newest = `## [${version}] - ${day}\n\n${sections(unreleased, changes)}`;
  const past = older < 0 ? '' : `\n${rest.slice(older)}`;
  writeFileSync(join(root, 'CHANGELOG.md'), `${before}## [Unreleased]\n\n${newest}${past}`);
}

const changes = waiting();
if (changes.length === 0) {
  console.error(
    'Nothing waits in .changeset/. A change that users notice gets its line there: npx changeset',
  );
  process.exit(1);
}
const before = versionOf('plan');
run(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version']);
const versions = new Set(published.map(versionOf));
if (versions.size > 1) throw new Error(`the packages drifted apart: ${[...versions].join(', ')}`);
const [version] = versions;
const manifest = JSON.parse(read('package.json'));
writeFileSync(
  join(root, 'package.json'),
  `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`,
);
writeChangelog(version, changes);
run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error', '--no-fund']);
console.log(
  `${before} → ${version}: look at CHANGELOG.md, then npm run packages, commit, tag v${version}`,
);
