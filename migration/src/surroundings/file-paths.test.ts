import { expect, test } from '@jest/globals';
import { looksLikeFile } from './file-paths.ts';

test.each([
  ['note', '/var/data/scan 1.pdf', false],
  ['note', '/var/data/scan-1.pdf', true],
  ['note', 'uploads/2024/03/a.PNG', true],
  ['note', './a.txt', true],
  ['note', 'C:\\shop\\a.doc', true],
  ['note', '\\\\server\\share\\a.doc', true],
  ['note', 'file:///srv/a.doc', true],
  ['note', 'a.png', false],
  ['filename', 'a.png', true],
  ['avatar_path', 'a/b', false],
  ['coverImage', '0f3c.webp', true],
  ['image_url', 'https://cdn.example/a.png', false],
  ['note', 'https://cdn.example/a.png', false],
  ['note', '/api/orders', false],
  ['note', '/a.png?size=1', false],
  ['profile', 'a.png', false],
  ['note', '', false],
  ['filename', 'no ending', false],
  ['agent', 'curl/8.5.0', false],
  ['document', '2024.15', false],
  ['note', 'music/a.mp3', true],
  ['note', 'backup/a.7z', true],
])('%s = %j is the path of a file: %s', (column, value, expected) =>
  expect(looksLikeFile(column, value)).toBe(expected),
);

test('the name of a file whose content stands beside it is no path', () => {
  expect(looksLikeFile('filename', 'a.png', true)).toBe(false);
  expect(looksLikeFile('filename', 'uploads/a.png', true)).toBe(true);
});
