import { sql } from 'kysely';
import type { Category, CategoryFields, CategoryRow, NewCategory } from '../domain/category.ts';
import { conflict, invalid, missing } from '../domain/refusal.ts';
import { publishCategory, publishPart } from './catalog-events.ts';
import { sqlState, type Db } from './database.ts';

const columns = [
  'category_id as id',
  'parent_category_id as parentId',
  'slug',
  'label',
  'sort_order as sortOrder',
] as const;

export const listCategories = (db: Db): Promise<CategoryRow[]> =>
  db.selectFrom('category').select(columns).orderBy('sort_order').orderBy('category_id').execute();

export async function readCategory(db: Db, id: string): Promise<Category> {
  const row = await db
    .selectFrom('category')
    .select(columns)
    .where('category_id', '=', id)
    .executeTakeFirst();
  if (!row) throw missing('category');
  const { rows: path } = await sql<{ id: string; slug: string; label: string }>`
    WITH RECURSIVE up AS (
      SELECT category_id, parent_category_id, slug, label, 0 AS depth FROM category WHERE category_id = ${id}
      UNION ALL
      SELECT parent.category_id, parent.parent_category_id, parent.slug, parent.label, depth + 1
      FROM category parent JOIN up ON parent.category_id = up.parent_category_id
    )
    SELECT category_id AS id, slug, label FROM up ORDER BY depth DESC`.execute(db);
  const { count } = await db
    .selectFrom('product_category')
    .innerJoin('product', 'product.product_id', 'product_category.product_id')
    .where('category_id', '=', id)
    .where('removed', 'is', null)
    .where('state', '<>', 'unpublished')
    .select((of) => of.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return { ...row, path, productCount: Number(count) };
}

export async function createCategory(db: Db, category: NewCategory): Promise<string> {
  try {
    return await db.transaction().execute(async (tx) => {
      const { category_id: id } = await tx
        .insertInto('category')
        .values({
          slug: category.slug,
          label: category.label,
          parent_category_id: category.parentId ?? null,
          sort_order: category.sortOrder ?? 0,
        })
        .returning('category_id')
        .executeTakeFirstOrThrow();
      await publishCategory(tx, 'category.created', id);
      return id;
    });
  } catch (error) {
    throw explained(error);
  }
}

export async function changeCategory(db: Db, id: string, fields: CategoryFields): Promise<void> {
  try {
    await db.transaction().execute(async (tx) => {
      if (fields.parentId) {
        // Two moves at once could close a circle that neither sees.
        await sql`SELECT pg_advisory_xact_lock(hashtext('category-tree'))`.execute(tx);
        if (await isBelow(tx, fields.parentId, id)) throw conflict('parentId');
      }
      const result = await tx
        .updateTable('category')
        .set({
          ...(fields.slug === undefined ? {} : { slug: fields.slug }),
          ...(fields.label === undefined ? {} : { label: fields.label }),
          ...(fields.parentId === undefined ? {} : { parent_category_id: fields.parentId }),
          ...(fields.sortOrder === undefined ? {} : { sort_order: fields.sortOrder }),
        })
        .where('category_id', '=', id)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw missing('category');
      await publishCategory(tx, 'category.changed', id);
    });
  } catch (error) {
    throw explained(error);
  }
}

export async function assignCategory(
  db: Db,
  productId: string,
  categoryId: string,
  sortOrder: number,
): Promise<void> {
  try {
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('product_category')
        .values({ product_id: productId, category_id: categoryId, sort_order: sortOrder })
        .onConflict((clash) =>
          clash.columns(['product_id', 'category_id']).doUpdateSet({ sort_order: sortOrder }),
        )
        .execute();
      await publishPart(tx, 'product.categorised', productId, { categoryId, sortOrder });
    });
  } catch (error) {
    throw sqlState(error) === '23503' ? missing('category') : error;
  }
}

export async function unassignCategory(
  db: Db,
  productId: string,
  categoryId: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const result = await tx
      .deleteFrom('product_category')
      .where('product_id', '=', productId)
      .where('category_id', '=', categoryId)
      .executeTakeFirst();
    if (result.numDeletedRows === 0n) throw missing('assignment');
    await publishPart(tx, 'product.uncategorised', productId, { categoryId });
  });
}

async function isBelow(db: Db, id: string, ancestor: string): Promise<boolean> {
  const { rows } = await sql`
    WITH RECURSIVE up AS (
      SELECT category_id, parent_category_id FROM category WHERE category_id = ${id}
      UNION ALL
      SELECT parent.category_id, parent.parent_category_id FROM category parent JOIN up ON parent.category_id = up.parent_category_id
    )
    SELECT 1 FROM up WHERE category_id = ${ancestor}`.execute(db);
  return rows.length > 0;
}

function explained(error: unknown): unknown {
  if (sqlState(error) === '23505') return conflict('slug');
  if (sqlState(error) === '23503')
    return invalid({ field: 'parentId', message: 'names a category that does not exist' });
  return error;
}
