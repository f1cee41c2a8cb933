import { describe, expect, test } from '@jest/globals';
import type { FlagReader } from '../../src/flags/flag-reader.ts';

/** Flags that the provider must have for the suite, with the percentage of identities that each is on for. */
export const suiteFlags = {
  'suite.all': 100,
  'suite.nobody': 0,
  'suite.half': 50,
  'suite.other-half': 50,
} as const;

const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);

/** What every implementation of the port promises to the serving path. `reader` is asked for inside the tests. */
export function flagReaderSuite(provider: string, reader: () => FlagReader): void {
  const asked = (name: string) => users.map((user) => reader().isEnabled(name, user));

  describe(`flags read from ${provider}`, () => {
    test('are unknown, not off, when the provider has none of that name', () => {
      expect(reader().isEnabled('suite.unknown', 'user-1')).toBeUndefined();
      expect(reader().isEnabled('suite.unknown', undefined)).toBeUndefined();
    });

    test('are on for every identity or for nobody', () => {
      expect(new Set(asked('suite.all'))).toEqual(new Set([true]));
      expect(new Set(asked('suite.nobody'))).toEqual(new Set([false]));
      expect(reader().isEnabled('suite.nobody', undefined)).toBe(false);
      expect(reader().isEnabled('suite.all', undefined)).toBe(true);
    });

    test('come with a status that tells where they are from', () => {
      const { state, rejected } = reader().status();
      expect(['synced', 'stale']).toContain(state);
      expect(rejected).toBe(false);
    });

    test('still answer when the provider was let go', async () => {
      const before = [...asked('suite.all'), ...asked('suite.half')];
      await reader().stop();
      expect([...asked('suite.all'), ...asked('suite.half')]).toEqual(before);
    });
  });
}

/** What those promise besides that can give a flag to some; asked before the provider is let go. */
export function flagSharesSuite(provider: string, reader: () => FlagReader): void {
  const asked = (name: string) => users.map((user) => reader().isEnabled(name, user));

  describe(`shares of flags read from ${provider}`, () => {
    test('are on by chance for those who show no identity, when they are on for some', () => {
      const answers = Array.from({ length: 200 }, () =>
        reader().isEnabled('suite.half', undefined),
      );
      expect(new Set(answers)).toEqual(new Set([true, false]));
    });

    test('tell the smallest share that includes an identity', () => {
      for (const user of users) {
        const share = reader().shareOf('suite', user) ?? 0;
        expect(share).toBeGreaterThanOrEqual(1);
        expect(share).toBeLessThanOrEqual(100);
        expect(reader().isEnabled('suite.half', user)).toBe(share <= 50);
      }
    });

    test('in between stick to an identity, alike for all flags of one group', () => {
      const first = asked('suite.half');
      const on = first.filter((answer) => answer === true).length;
      expect(on).toBeGreaterThan(10);
      expect(on).toBeLessThan(50);
      expect(asked('suite.half')).toEqual(first);
      expect(asked('suite.other-half')).toEqual(first);
    });
  });
}

/** The flag that the suite about names wants: for nobody but this hash. */
export const suiteNamed = { flag: 'suite.named', identity: '0123456789abcdef0123456789abcdef' };

/** What those promise that can give a flag to somebody by name; asked before the provider is let go. */
export function flagNamesSuite(provider: string, reader: () => FlagReader): void {
  test(`a flag that names identities is on for them alone, read from ${provider}`, () => {
    const { flag, identity } = suiteNamed;
    expect(reader().isEnabled(flag, identity)).toBe(true);
    for (const user of [...users, identity.slice(1), `${identity} `, ''])
      expect(reader().isEnabled(flag, user)).toBe(false);
    for (let index = 0; index < 20; index++)
      expect(reader().isEnabled(flag, undefined)).toBe(false);
    expect(reader().isEnabled('suite.nobody', identity)).toBe(false);
  });
}
