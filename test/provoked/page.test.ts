import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { markdown, provokedTable, tablesIn } from './page.ts';
import { phases } from './phases.ts';

const repository = new URL('../..', import.meta.url);
const page = new URL('docs/runbooks/what-you-see.md', repository);
const tables = phases.map(({ failures }) => provokedTable(failures));

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

test('no failure stands twice', () => {
  const names = phases.flatMap(({ failures }) => failures).map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});
