import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { asFields, isText, parseId, type FieldProblem } from '../http/input.ts';
import { invalid } from './product-input.ts';

interface CategoryInput {
  slug?: string;
  name?: string;
  parent_id?: string | null;
  position?: number;
}

interface TreeNode {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly position: number;
  readonly children: TreeNode[];
}

export const categoryNotFound = (): HttpError =>
  new HttpError(404, { error: 'category not found' });

export function readCategoryInput(body: unknown, mode: 'create' | 'change'): CategoryInput {
  const fields = asFields(body);
  if (!fields) throw invalid([{ field: 'body', message: 'must be a JSON object' }]);
  const problems: FieldProblem[] = [];
  const input: CategoryInput = {};
  if (fields.slug !== undefined) {
    if (typeof fields.slug === 'string' && /^[a-z0-9-]{1,100}$/.test(fields.slug))
      input.slug = fields.slug;
    else problems.push({ field: 'slug', message: 'must be small letters, digits and dashes' });
  } else if (mode === 'create') problems.push({ field: 'slug', message: 'is required' });
  if (fields.name !== undefined) {
    if (isText(fields.name, 100)) input.name = fields.name;
    else problems.push({ field: 'name', message: 'must be 1-100 characters' });
  } else if (mode === 'create') problems.push({ field: 'name', message: 'is required' });
  if (fields.parentId !== undefined) {
    const parent = fields.parentId === null ? null : parseId(fields.parentId);
    if (parent === undefined)
      problems.push({ field: 'parentId', message: 'must be a category id or null' });
    else input.parent_id = parent;
  }
  if (fields.position !== undefined) {
    if (
      typeof fields.position === 'number' &&
      Number.isInteger(fields.position) &&
      Math.abs(fields.position) <= 10_000
    )
      input.position = fields.position;
    else problems.push({ field: 'position', message: 'must be a whole number' });
  }
  if (mode === 'change' && problems.length === 0 && Object.keys(input).length === 0)
    problems.push({ field: 'body', message: 'changes nothing' });
  if (problems.length > 0) throw invalid(problems);
  return input;
}

export async function categoryTree(db: Db): Promise<TreeNode[]> {
  const rows = await db
    .selectFrom('categories')
    .select(['id', 'parent_id', 'slug', 'name', 'position'])
    .orderBy('position')
    .orderBy('id')
    .execute();
  const nodes = new Map<string, TreeNode>(
    rows.map(({ id, slug, name, position }) => [id, { id, slug, name, position, children: [] }]),
  );
  const roots: TreeNode[] = [];
  for (const row of rows) {
    const node = nodes.get(row.id);
    if (node)
      (row.parent_id === null ? roots : (nodes.get(row.parent_id)?.children ?? roots)).push(node);
  }
  return roots;
}

export async function findCategory(db: Db, id: string) {
  const row = await db
    .selectFrom('categories')
    .select(['id', 'parent_id', 'slug', 'name', 'position'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw categoryNotFound();
  const { rows: path } = await sql<{ id: string; slug: string; name: string }>`
    WITH RECURSIVE up AS (
      SELECT id, parent_id, slug, name, 0 AS depth FROM categories WHERE id = ${id}
      UNION ALL
      SELECT parent.id, parent.parent_id, parent.slug, parent.name, depth + 1 FROM categories parent JOIN up ON parent.id = up.parent_id
    )
    SELECT id, slug, name FROM up ORDER BY depth DESC`.execute(db);
  const { count } = await db
    .selectFrom('product_categories')
    .innerJoin('products', 'products.id', 'product_id')
    .where('category_id', '=', id)
    .where('deleted_at', 'is', null)
    .where('status', '<>', 'draft')
    .select((row) => row.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    parentId: row.parent_id,
    position: row.position,
    product_count: Number(count),
    path,
  };
}

export async function createCategory(db: Db, input: CategoryInput): Promise<string> {
  const { slug, name, ...rest } = input;
  if (slug === undefined || name === undefined)
    throw invalid([{ field: 'body', message: 'is incomplete' }]);
  try {
    const { id } = await db
      .insertInto('categories')
      .values({ slug, name, parent_id: null, ...rest })
      .returning('id')
      .executeTakeFirstOrThrow();
    return id;
  } catch (error) {
    throw explained(error);
  }
}

export async function changeCategory(db: Db, id: string, input: CategoryInput): Promise<void> {
  try {
    await db.transaction().execute(async (transaction) => {
      // Two moves at once could close a circle that neither sees.
      if (input.parent_id) await sql`SELECT pg_advisory_xact_lock(4207002)`.execute(transaction);
      if (input.parent_id && (await isBelow(transaction, input.parent_id, id)))
        throw new HttpError(409, { error: 'conflict', field: 'parentId' });
      const result = await transaction
        .updateTable('categories')
        .set(input)
        .where('id', '=', id)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw categoryNotFound();
    });
  } catch (error) {
    throw explained(error);
  }
}

async function isBelow(db: Db, id: string, ancestor: string): Promise<boolean> {
  const { rows } = await sql`
    WITH RECURSIVE up AS (
      SELECT id, parent_id FROM categories WHERE id = ${id}
      UNION ALL
      SELECT parent.id, parent.parent_id FROM categories parent JOIN up ON parent.id = up.parent_id
    )
    SELECT 1 FROM up WHERE id = ${ancestor}`.execute(db);
  return rows.length > 0;
}

function explained(error: unknown): unknown {
  if (sqlState(error) === '23505') return new HttpError(409, { error: 'conflict', field: 'slug' });
  if (sqlState(error) === '23503')
    return invalid([{ field: 'parentId', message: 'names a category that does not exist' }]);
  return error;
}
