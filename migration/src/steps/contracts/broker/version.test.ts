import { describe, expect, test } from '@jest/globals';
import { committed, providerVersion, versionOfBuild } from './version.ts';

const checkout = { commit: '4f2c1e0', branch: 'main', dirty: false };

describe('the version of what runs', () => {
  test.each([
    ['1.4.2+4f2c1e0', { version: '1.4.2+4f2c1e0' }],
    ['sha256:abc', { version: 'sha256:abc' }],
    ['{"version":"1.4.2","commit":"4f2c1e0"}', { version: '4f2c1e0' }],
    ['{"digest":"sha256:abc"}', { version: 'sha256:abc' }],
    [
      'v1.4.2-3-g4f2c1e0-dirty',
      { unknown: '"v1.4.2-3-g4f2c1e0-dirty" is not as it was committed' },
    ],
    ['{"commit":"4f2c1e0-Dirty"}', { unknown: '"4f2c1e0-Dirty" is not as it was committed' }],
  ])('is what it says of itself: %s', (build, expected) =>
    expect(versionOfBuild(build)).toEqual(expected),
  );

  test.each([
    '',
    'build 1',
    '{"build":7}',
    'null',
    '<html>',
    '{"commit":"a/b"}',
    '{"version":"1.4.2"}',
    'x'.repeat(151),
  ])('is not known where its answer names none: %s', (build) =>
    expect(versionOfBuild(build)).toHaveProperty('unknown'),
  );

  test.each([
    ['what was given', { given: '7', build: '8', own: true, checkout }, { version: '7' }],
    [
      'never what is given as dirty',
      { given: '7-dirty', own: true },
      { unknown: expect.any(String) },
    ],
    ['its build before the commit', { build: '8', own: true, checkout }, { version: '8' }],
    [
      'no commit where it was asked and did not answer',
      { build: null, own: true, checkout },
      { unknown: 'the service does not say which build it is' },
    ],
    ['the commit in its own pipeline', { own: true, checkout }, { version: '4f2c1e0' }],
    [
      'no commit in another one',
      { own: false, checkout },
      { unknown: 'the context file names no service.buildPath' },
    ],
    [
      'no commit with changes',
      { own: true, checkout: { ...checkout, dirty: true } },
      { unknown: 'commit 4f2c1e0 has changes that are not committed' },
    ],
  ])('is %s', (_, seen, expected) => expect(providerVersion('service', seen)).toEqual(expected));

  test('is not known outside of a repository', () =>
    expect(committed(undefined)).toEqual({ unknown: 'there is no git repository here' }));
});
