import { expect } from '@jest/globals';
import {
  contextTables,
  cutover,
  fenceStatus,
  installFence,
  removeFence,
  strayWriters,
} from '../../src/cutover/index.ts';
import type { Shop } from '../worker/shop.ts';
import { keptRows, rows } from './by-condition.ts';
import { besideWrites, moveOptions, outcomeOf, toCanary } from './moved.ts';

/** Rows of tenant 3, whose ids the monolith's own sequence goes on giving out. */
export const besideTheMove = <T>(
  shop: Shop,
  work: () => Promise<T>,
): Promise<{ result: T; writes: number }> =>
  besideWrites(
    shop.monolithUrl,
    (made) => `
      INSERT INTO items (tenant, name) VALUES (3, 'beside ${made}');
      UPDATE items SET name = name || '.' WHERE tenant = 3 AND id % 50 = ${made % 50}`,
    work,
  );

/** A cutover that is given up behind its fence: the audit fence of before stands again, about the same rows. */
export async function expectGivenUp(shop: Shop): Promise<void> {
  const { monolith } = shop;
  const tables = contextTables(shop.definition).monolith;
  await installFence(monolith, {
    context: 'goods',
    tables,
    owner: 'monolith',
    mode: 'audit',
    epoch: 1,
  });
  await toCanary(shop);
  const stop = new AbortController();
  const seen: string[] = [];
  const { result } = await besideTheMove(shop, () =>
    cutover({
      ...moveOptions(shop),
      signal: stop.signal,
      async onStep({ step, moment }) {
        if (step !== 'verify' || moment !== 'done') return;
        seen.push(await outcomeOf(monolith, 'UPDATE items SET name = name WHERE tenant = 1'));
        stop.abort();
      },
    }),
  );
  expect([result.outcome, result.error?.code, result.owner, seen]).toEqual([
    'aborted',
    'CANCELLED',
    'monolith',
    ['SF001'],
  ]);
  const { mode, open } = await fenceStatus(monolith, 'goods', tables);
  expect([mode, open]).toEqual(['audit', []]);
  const before = (await strayWriters(monolith, 'goods')).length;
  await monolith.query(
    `UPDATE items SET name = name WHERE tenant = 3; UPDATE docs SET note = note WHERE tenant = 'other'`,
  );
  expect((await strayWriters(monolith, 'goods')).length).toBe(before);
  await monolith.query('UPDATE items SET name = name WHERE tenant = 1');
  expect((await strayWriters(monolith, 'goods')).length).toBe(before + 1);
  await removeFence(monolith, 'goods');
}

/** Whatever way a write takes to a row of the context, it is refused whole; to one beside it, it passes. */
export async function expectFenced(shop: Shop): Promise<void> {
  const { monolith } = shop;
  await monolith.query(`
    CREATE TABLE owners (tenant int PRIMARY KEY, name text);
    INSERT INTO owners SELECT DISTINCT tenant FROM items;
    ALTER TABLE items ADD FOREIGN KEY (tenant) REFERENCES owners ON DELETE CASCADE;
    CREATE FUNCTION rename_items() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN UPDATE items SET name = NEW.name WHERE tenant = NEW.tenant; RETURN NULL; END $$;
    CREATE TRIGGER rename_items AFTER UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION rename_items();
    CREATE FUNCTION give_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tenant := 1; RETURN NEW; END $$;
    CREATE TRIGGER give_away BEFORE INSERT ON items FOR EACH ROW WHEN (NEW.name = 'given away') EXECUTE FUNCTION give_away();
    CREATE FUNCTION touch_ours() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN UPDATE items SET name = 'touched' WHERE tenant = 2 AND id < 100; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER touch_ours AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
      WHEN (NEW.name = 'touches later') EXECUTE FUNCTION touch_ours()`);
  const [kept, ours] = [await keptRows(shop), await rows(monolith, 'SELECT * FROM items')];
  const refused = [
    'UPDATE items SET name = name WHERE tenant IN (1, 3)',
    'UPDATE items SET tenant = 1, id = id + 700000 WHERE tenant = 3',
    'DELETE FROM owners WHERE tenant = 1',
    `UPDATE owners SET name = 'x' WHERE tenant = 2`,
    `INSERT INTO items (tenant, name) VALUES (3, 'given away')`,
    `INSERT INTO items (tenant, name) VALUES (3, 'touches later')`,
    `INSERT INTO items (tenant, id) SELECT tenant, id FROM items WHERE tenant = 1 ON CONFLICT (tenant, id) DO UPDATE SET name = 'x'`,
    `MERGE INTO items USING owners ON items.tenant = owners.tenant WHEN MATCHED THEN DELETE`,
    `UPDATE docs SET closed_by = NULL, tenant = 'a\\b', kind = 'note' WHERE tenant = 'other'`,
    'TRUNCATE items',
  ];
  const passing = [
    'UPDATE items SET name = name || $$-$$ WHERE tenant IN (0, 3)',
    `UPDATE owners SET name = 'three' WHERE tenant = 3`,
    'DELETE FROM owners WHERE tenant = 0',
    `INSERT INTO items (tenant, name) VALUES (3, 'own')`,
    `UPDATE docs SET closed_by = 8 WHERE tenant = 'other'`,
    `DELETE FROM docs WHERE kind = 'plan' AND id % 2 = 0`,
  ];
  const outcomes = async (statements: readonly string[]): Promise<string[]> => {
    const found: string[] = [];
    for (const statement of statements) found.push(await outcomeOf(monolith, statement));
    return found;
  };
  expect(await outcomes(refused)).toEqual(refused.map(() => 'SF001'));
  expect([await keptRows(shop), await rows(monolith, 'SELECT * FROM items')]).toEqual([kept, ours]);
  expect(await outcomes(passing)).toEqual(passing.map(() => 'written'));
}
