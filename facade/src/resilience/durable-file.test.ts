import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DurableFile } from './durable-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'durable-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const numbers = (value: unknown): number[] => {
  if (!Array.isArray(value)) throw new Error('no list');
  return value as number[];
};

test('what was written last is read, also by another, from a folder that was not there', async () => {
  const file = new DurableFile<number[]>(join(folder, 'deep/er', 'state.json'));
  expect(await file.read(numbers)).toBeUndefined();
  await file.write([1]);
  await file.write([1, 2]);
  expect(await new DurableFile<number[]>(file.path).read(numbers)).toEqual([1, 2]);
  expect(await readdir(join(folder, 'deep/er'))).toEqual(['state.json']);
  expect((await stat(file.path)).mode & 0o777).toBe(0o600);
});

test('writes that nobody waits for follow one another: the last one stays', async () => {
  const file = new DurableFile<number[]>(join(folder, 'state.json'));
  const written = Array.from({ length: 20 }, (_, index) => file.write([index]));
  await written.at(-1);
  expect(JSON.parse(await readFile(file.path, 'utf8'))).toEqual([19]);
  await Promise.all(written);
  expect(await file.read(numbers)).toEqual([19]);
});

test('whoever reads while it is written finds the old or the new, never half of one', async () => {
  const file = new DurableFile<number[]>(join(folder, 'state.json'));
  const long = (first: number): number[] => [first, ...Array.from({ length: 100_000 }, () => 0)];
  await file.write(long(0));
  for (let round = 1; round <= 10; round++) {
    let writing = true;
    const written = file.write(long(round)).finally(() => (writing = false));
    while (writing) expect([round - 1, round]).toContain((await file.read(numbers))?.[0]);
    await written;
  }
  expect((await file.read(numbers))?.[0]).toBe(10);
});

test.each([
  ['half of it', '[1, 2'],
  ['something else', '{"a": 1}'],
  ['nothing', ''],
])('%s is no memory', async (_what, text) => {
  const path = join(folder, 'state.json');
  await writeFile(path, text);
  expect(await new DurableFile<number[]>(path).read(numbers)).toBeUndefined();
});

test('a write that fails says so, leaves what was there, and the next one works', async () => {
  const path = join(folder, 'state.json');
  const file = new DurableFile<unknown>(path);
  await file.write([1]);
  const circle: unknown[] = [];
  circle.push(circle);
  await expect(file.write(circle)).rejects.toThrow(/circular/);
  expect(await file.read(numbers)).toEqual([1]);
  await file.write([2]);
  expect(await file.read(numbers)).toEqual([2]);
});
