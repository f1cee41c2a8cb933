import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every fault in the guide to the database names a test that is there', async () => {
  const guide = await read('docs/guide/your-database.md');
  const section = guide.slice(guide.indexOf('\n## What shows it'));
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  expect(rows.length).toBeGreaterThan(20);
  const gone: string[] = [];
  for (const row of rows) {
    const [, path = '', title = ''] = /`([\w./-]+\.test\.ts)`: (.+?) +\|$/.exec(row) ?? [];
    const source = path === '' ? '' : await read(path).catch(() => '');
    // titles stand in quotes; one that ends in a placeholder is longer than what the guide says of it
    const said = ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}`));
    if (title === '' || !said) gone.push(row);
  }
  expect(gone).toEqual([]);
});
