import { describe, expect, test } from '@jest/globals';
import type { FlagWriter } from '../../src/flags/index.ts';

/**
 * What every implementation of the port promises to the steps. `writer` is asked for inside the tests; shares are what is
 * tried where it has them.
 */
export function flagWriterSuite(
  provider: string,
  writer: () => FlagWriter,
  { some, last }: { readonly some: number; readonly last: number } = { some: 25, last: 50 },
): void {
  describe(`flags written through ${provider}`, () => {
    test('are where the steps may change them', async () => {
      await expect(writer().ping()).resolves.toBeUndefined();
      expect(writer().provider).toMatch(/^\w[\w ]*$/);
    });

    test('keep the percentage that was set last', async () => {
      await writer().setPercent('suite.list', 'suite', some);
      await writer().setPercent('suite.list', 'suite', last);
      await writer().setPercent('suite.list', 'suite', last);
      expect(await writer().read('suite.list', 'suite')).toEqual({
        name: 'suite.list',
        exists: true,
        enabled: true,
        percent: last,
        otherStrategies: 0,
      });
    });

    test('are for each request by itself when told so, until told otherwise', async () => {
      const set = writer().setPercent('suite.requests', 'suite', last, { byRequest: true });
      if (!writer().percentages && last < 100) return expect(set).rejects.toMatchObject({});
      await set;
      const read = () => writer().read('suite.requests', 'suite');
      expect((await read()).byRequest).toBe(writer().percentages ? true : undefined);
      await writer().setPercent('suite.requests', 'suite', last);
      expect(await read()).not.toHaveProperty('byRequest');
    });

    test('are for those who are named besides, alone as well, until somebody else is or nobody', async () => {
      const read = () => writer().read('suite.named', 'suite');
      const set = (percent: number, identities?: readonly string[]) =>
        writer().setPercent('suite.named', 'suite', percent, identities ? { identities } : {});
      await set(0, ['0a', '0b']);
      expect(await read()).toEqual({
        name: 'suite.named',
        exists: true,
        enabled: true,
        percent: 0,
        identities: ['0a', '0b'],
        otherStrategies: 0,
      });
      await set(last, ['0b']);
      await set(last, ['0b']);
      expect(await read()).toMatchObject({ percent: last, identities: ['0b'], otherStrategies: 0 });
      await set(0, ['0c']);
      expect(await read()).toMatchObject({ percent: 0, identities: ['0c'] });
      await set(last);
      expect(await read()).toMatchObject({ percent: last, otherStrategies: 0 });
      expect(await read()).not.toHaveProperty('identities');
      await set(last, ['0d']);
      await set(0);
      expect(await read()).toMatchObject({ enabled: false, percent: 0 });
      expect(await read()).not.toHaveProperty('identities');
      await set(last);
      expect(await read()).toMatchObject({ percent: last, otherStrategies: 0 });
      expect(await read()).not.toHaveProperty('identities');
    });

    test('are off once turned off or given to nobody, whatever the percentage was', async () => {
      await writer().setPercent('suite.off', 'suite', 100);
      await writer().turnOff('suite.off');
      await writer().turnOff('suite.off');
      await writer().setPercent('suite.zero', 'suite', 100);
      await writer().setPercent('suite.zero', 'suite', 0);
      const states = await writer().readAll(['suite.off', 'suite.zero'], 'suite');
      expect(states).toMatchObject([
        { name: 'suite.off', exists: true, enabled: false, percent: 0 },
        { name: 'suite.zero', exists: true, enabled: false, percent: 0 },
      ]);
      await writer().setPercent('suite.off', 'suite', some);
      expect(await writer().read('suite.off', 'suite')).toMatchObject({
        enabled: true,
        percent: some,
      });
    });

    test('that nobody made read as off, and turning them off makes none', async () => {
      await writer().turnOff('suite.never');
      await writer().setPercent('suite.never', 'suite', 0);
      expect(await writer().read('suite.never', 'suite')).toEqual({
        name: 'suite.never',
        exists: false,
        enabled: false,
        percent: 0,
        otherStrategies: 0,
      });
    });

    test('are gone when archived, twice or never made, and come back when set again', async () => {
      await writer().setPercent('suite.gone', 'suite', some);
      await writer().archive(['suite.gone', 'suite.unmade']);
      await writer().archive(['suite.gone']);
      expect(await writer().read('suite.gone', 'suite')).toMatchObject({ exists: false });
      await writer().setPercent('suite.gone', 'suite', last);
      expect(await writer().read('suite.gone', 'suite')).toMatchObject({
        exists: true,
        percent: last,
      });
    });
  });
}
