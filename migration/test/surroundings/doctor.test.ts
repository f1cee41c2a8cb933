import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cli, json } from '../support/cli.ts';
import { openScene, type Scene, shop } from '../support/scene.ts';

/** One of everything that the guide to the database names. */
const both = `
CREATE TABLE plain_ids (id bigint PRIMARY KEY);
CREATE SEQUENCE common; CREATE TABLE shared_ids (id bigint DEFAULT nextval('common') PRIMARY KEY);
CREATE TABLE outside (id bigint DEFAULT nextval('common') PRIMARY KEY);
CREATE TABLE carts (id serial PRIMARY KEY, item bigint CONSTRAINT cart_item REFERENCES shared_ids ON DELETE SET NULL);
CREATE VIEW looking AS SELECT * FROM outside; CREATE UNLOGGED TABLE hasty (id bigserial PRIMARY KEY);
CREATE TABLE parent (id bigserial PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
CREATE TABLE picture (id bigserial PRIMARY KEY, file oid, kind regclass);
CREATE EXTENSION citext;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := now(); RETURN NEW; END';`;
const meaning = (columns: string): string => `
CREATE TABLE meaning (id bigserial PRIMARY KEY, touched timestamptz, ${columns});
CREATE TRIGGER touching BEFORE UPDATE ON meaning FOR EACH ROW EXECUTE FUNCTION touch();`;
const same = (table: string, ...columns: string[]) => ({
  monolith: table,
  service: [{ table, columns: Object.fromEntries(['id', ...columns].map((name) => [name, name])) }],
});
const meaningful = ['at', 'price', 'code', 'name', 'state'];

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('doctor_all');
  await scene.sql(
    scene.monolith,
    `${both} CREATE TYPE state AS ENUM ('a', 'b'); ${meaning('at timestamp, price numeric(10,2), code char(5), name citext, state state')}`,
  );
  await scene.sql(
    scene.service,
    `${both} CREATE TYPE state AS ENUM ('a'); ${meaning('at timestamptz, price numeric, code text, name text, state state')}`,
  );
  await writeFile(
    join(scene.dir, 'catalog.json'),
    JSON.stringify({
      ...shop,
      tables: [
        same('plain_ids'),
        same('shared_ids'),
        same('looking'),
        same('hasty'),
        same('parent'),
        same('picture', 'file', 'kind'),
        same('meaning', ...meaningful),
      ],
    }),
  );
});
afterAll(() => scene.close());

test('doctor prints all that lies around the rows at once, each with its remedy', async () => {
  const result = await cli(['doctor', 'catalog', '--json'], scene.env);
  expect(result.code).not.toBe(0);
  const { checks } = json<{
    checks: { check: string; ok: boolean; actual: string; remedy: string }[];
  }>(result);
  const wrong = checks.filter(({ ok }) => !ok);
  const told = (check: string, actual: string, remedy: string) =>
    expect(wrong).toContainEqual(
      expect.objectContaining({
        check,
        actual: expect.stringContaining(actual),
        remedy: expect.stringContaining(remedy),
      }),
    );
  told('key plain_ids.id', 'nothing tells', 'tables[0].ids.id');
  told('key shared_ids.id', 'also feeds outside.id', 'tables[1].ids.id');
  told(
    'foreign key carts.cart_item',
    'ON DELETE SET NULL',
    "foreignKeys.monolith['carts.cart_item']",
  );
  told(
    'foreign key carts.cart_item',
    'ON DELETE SET NULL',
    "foreignKeys.service['carts.cart_item']",
  );
  told('trigger meaning.touching', 'writes touched', "triggers.monolith['meaning.touching']");
  told('trigger meaning.touching', 'writes touched', "triggers.service['meaning.touching']");
  for (const side of ['monolith', 'service']) {
    told('mapping', `looking in the ${side}'s database is a view`, 'table behind it');
    told('mapping', `hasty in the ${side}'s database has rows that are not logged`, 'SET LOGGED');
    told('mapping', `parent in the ${side}'s database has tables that inherit`, 'partitions');
  }
  told('mapping', 'tables[5].service[0].columns.file', 'large objects');
  told('mapping', 'tables[5].service[0].columns.kind', 'out of the mapping');
  told('mapping', 'tables[6].service[0].columns.at', "zone: 'UTC'");
  for (const column of ['price', 'code', 'name', 'state'])
    told(
      'mapping',
      `tables[6].service[0].columns.${column}`,
      column === 'state' ? 'ADD VALUE' : 'Give both columns',
    );
  expect(wrong.filter(({ remedy }) => remedy === '')).toEqual([]);
});
