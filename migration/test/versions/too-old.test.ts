import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cli, json } from '../support/cli.ts';
import { openPlace, type Place } from './place.ts';

const refusal = /PostgreSQL 12; the oldest that can be migrated from or to is 13/;
const commands: readonly (readonly string[])[] = [
  ['replicate', 'shop', '--until-caught-up'],
  ['replicate', 'shop', '--dry-run'],
  ['verify', 'shop'],
  ['fence', 'audit', 'shop', 'on'],
  ['status', 'shop'],
  ['cutover', 'shop', '--dry-run'],
  ['resync', 'shop', 'products'],
];

describe('PostgreSQL 12', () => {
  let place: Place;
  beforeAll(async () => {
    place = await openPlace(12, 'monolith');
  });
  afterAll(() => place?.close());

  test.each(commands)('as the control database is refused: strangler %s %s', async (...words) => {
    const result = await cli([...words, '--json'], place.env);
    expect(json(result)).toMatchObject({
      error: { code: 'DB_VERSION', message: expect.stringMatching(refusal) },
    });
  });

  test('as the monolith is refused by name, before anything is made there', async () => {
    const env = { ...place.env, STRANGLER_CONTROL_URL: place.newestControlUrl };
    const doctor = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(
      await cli(['doctor', 'shop', '--json'], env),
    );
    expect(doctor.checks).toContainEqual(
      expect.objectContaining({
        check: 'monolith database',
        ok: false,
        actual: expect.stringMatching(refusal),
      }),
    );
    for (const words of [
      ['replicate', 'shop', '--until-caught-up'],
      ['fence', 'audit', 'shop', 'on'],
      ['init', '--context', 'more', '--database', place.env.MONOLITH_DATABASE_URL ?? ''],
    ]) {
      const result = await cli([...words, '--json'], env);
      expect(`${words.join(' ')}: ${result.stdout}`).toMatch(refusal);
    }
    expect(
      await place.sql('monolith', `SELECT nspname FROM pg_namespace WHERE nspname = 'strangler'`),
    ).toEqual([]);
  });
});
