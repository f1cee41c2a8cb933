import { describe, expect, test } from '@jest/globals';
import { holdsServers, placeOfData } from './data-folder.ts';

const line = (options: string, type = 'tmpfs') =>
  `/dev/vda / ext4 rw 0 0\n${type} /dev/shm ${type} ${options} 0 0\n`;
const plenty = 20 * 2 ** 30;

describe('servers of a test run keep their data in memory', () => {
  test('where there is plenty of it and programs may run from it', () => {
    expect(holdsServers(line('rw,relatime,size=24684096k'), plenty)).toBe(true);
  });

  test.each([
    ['there is little of it, as in a container', line('rw,relatime'), 64 * 2 ** 20],
    ['it may not run programs', line('rw,nosuid,noexec'), plenty],
    ['it may not be written to', line('ro,relatime'), plenty],
    ['it is a disk', line('rw,relatime', 'ext4'), plenty],
    ['there is none', '/dev/vda / ext4 rw 0 0\n', plenty],
    ['something else was mounted over it', `${line('rw')}${line('rw,noexec')}`, plenty],
  ])('not where %s', (_, mounts, bytes) => {
    expect(holdsServers(mounts, bytes)).toBe(false);
  });
});

test('a program with a temporary folder of its own keeps its servers there', () => {
  const env = { TEST_DATA_FOLDER: '/dev/shm', TEST_DATA_INSTEAD_OF: '/tmp' };
  expect(placeOfData(env, '/tmp')).toBe('/dev/shm');
  expect(placeOfData(env, '/tmp/own')).toBe('/tmp/own');
  expect(placeOfData({}, '/tmp')).toBe('/tmp');
});
