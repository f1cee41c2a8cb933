import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const houses = [
  'plan/src',
  'facade/src',
  'migration/src',
  'contracts/src',
  'extracted/service-kit/src',
];

const foldersIn = (folder: string): string[] =>
  readdirSync(join(repository, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(repository.length));

/** `a/{b,c}` is `a/b` and `a/c`. */
const expand = (path: string): string[] => {
  const [, before, choices, after] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
  return choices === undefined
    ? [path]
    : choices.split(',').map((choice) => `${before}${choice}${after}`);
};

/** The paths of the floor plan's first column. */
function roomsOf(document: string): string[] {
  const plan = document.split('## Floor plan')[1]?.split('\n## ')[0] ?? '';
  return plan
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
    .flatMap((match) => expand(match[1] ?? ''));
}

/** Rooms without a line, and lines without a room. */
function differences(named: readonly string[], standing: readonly string[]): string[] {
  const inHouses = named.filter((room) =>
    houses.some((house) => room === house || room.startsWith(`${house}/`)),
  );
  return [
    ...standing
      .filter((room) => !named.includes(room))
      .map((room) => `${room} is not in the floor plan`),
    ...inHouses
      .filter((room) => !standing.includes(room))
      .map((room) => `${room} is in the floor plan and nowhere else`),
  ];
}

const standing = [...houses, ...houses.flatMap(foldersIn)];

test('the floor plan in docs/architecture.md names every room, and no room that is not there', async () => {
  const named = roomsOf(await readFile(join(repository, 'docs', 'architecture.md'), 'utf8'));
  expect(standing.length).toBeGreaterThan(35);
  expect(differences(named, standing)).toEqual([]);
  expect(named.filter((room, index) => named.indexOf(room) !== index)).toEqual([]);
  expect(named.filter((room) => !existsSync(join(repository, room)))).toEqual([]);
});

test('the check sees a room without a line and a line without a room', () => {
  const plan =
    '## Floor plan\n| `plan/src` | x |\n| `facade/src/{proxy,ballroom}` | x |\n\n## Limits';
  expect(differences(roomsOf(plan), ['plan/src', 'facade/src/proxy', 'facade/src/holds'])).toEqual([
    'facade/src/holds is not in the floor plan',
    'facade/src/ballroom is in the floor plan and nowhere else',
  ]);
});
