import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { elsewhere } from './elsewhere.ts';
import { elsewhereTable, markdown, provokedTable, tablesIn } from './page.ts';
import { phases } from './phases.ts';

const repository = new URL('../..', import.meta.url);
const page = new URL('docs/runbooks/what-you-see.md', repository);
const tables = [
  ...phases.map(({ failures }) => provokedTable(failures)),
  elsewhereTable(elsewhere),
];

// WRITE_PAGE=1 puts the tables where they are, after a failure was added or is told otherwise.
test('the runbook tells of every failure what the suite provokes and judges, and of nothing else', async () => {
  const text = await readFile(page, 'utf8');
  if (process.env.WRITE_PAGE) {
    const left = tables.map(markdown);
    await writeFile(
      page,
      text.replaceAll(/(?:^\|.*\|\n?)+/gm, () => `${left.shift() ?? ''}\n`),
    );
  }
  expect(tablesIn(await readFile(page, 'utf8'))).toEqual(tables);
});

test('a failure that another suite judges is one that it has', async () => {
  const missing: string[] = [];
  for (const { name, file, titles } of elsewhere) {
    const suite = (await readFile(new URL(file, repository), 'utf8')).replaceAll(/\s+/g, ' ');
    for (const title of titles)
      if (!suite.includes(`'${title}'`)) missing.push(`${name}: ${file} has no test '${title}'`);
  }
  expect(missing).toEqual([]);
});

test('no failure stands twice', () => {
  const names = [...phases.flatMap(({ failures }) => failures), ...elsewhere].map(
    ({ name }) => name,
  );
  expect(names).toEqual([...new Set(names)]);
});
