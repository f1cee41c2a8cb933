// What somebody takes in who installs a package of ours: every package it needs in production, as package-lock.json has it, must be
// under a licence that asks nothing of their own code.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);
const installed = ['plan', 'facade', 'migration', 'contracts', 'extracted/service-kit'];
// The AGPL one: the tests run it as a server beside us, nobody may get it with our packages.
const never = 'unleash-server';

const lock = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const { packages } = JSON.parse(readFileSync(lock, 'utf8'));

/** Where `name` is found from `from`, as Node looks for it; undefined when it is not installed. */
function locate(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[place]) return packages[place].link ? packages[place].resolved : place;
    if (folder === '') return undefined;
  }
}

/** An SPDX expression: every part of an AND must be allowed, one part of an OR is enough. */
const fits = (licence) =>
  licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((part) => allowed.has(part)));

const neededBy = new Map(installed.map((folder) => [folder, null]));
const wrong = [];
for (const [place] of neededBy) {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
    packages[place];
  for (const name of Object.keys({
    ...dependencies,
    ...optionalDependencies,
    ...peerDependencies,
  })) {
    const found = locate(name, place);
    if (found !== undefined && !neededBy.has(found)) neededBy.set(found, place);
    const optional = optionalDependencies?.[name] ?? peerDependenciesMeta?.[name]?.optional;
    if (found === undefined && !optional)
      wrong.push(`${name}, which ${place} needs, is not locked`);
  }
}

/** The chain of packages that brings this one in, ours first. */
const chain = (place) => (place === null ? [] : [...chain(neededBy.get(place)), place]);
for (const place of neededBy.keys()) {
  const { license } = packages[place];
  const way = chain(place).join(' > ');
  if (place.endsWith(`node_modules/${never}`)) wrong.push(`${never} must not be reachable: ${way}`);
  else if (typeof license !== 'string') wrong.push(`${way}: no licence is named`);
  else if (!fits(license)) wrong.push(`${way}: ${license} is not allowed`);
}

for (const line of wrong) console.error(line);
console.log(`${neededBy.size} packages in production, ${wrong.length} problems`);
if (wrong.length > 0) process.exitCode = 1;
