import { sql } from 'kysely';
import type { ProductState, ProductSummary } from '../domain/product.ts';
import type { Db } from './database.ts';
import type { Audience } from './product-reads.ts';
import { summaryColumns, toSummary } from './product-row.ts';

export interface ProductQuery {
  readonly page: number;
  readonly perPage: number;
  readonly sort:
    | 'relevance'
    | { readonly by: 'title' | 'amount' | 'created' | 'sku'; readonly descending: boolean };
  readonly text?: string | undefined;
  readonly categorySlug?: string | undefined;
  readonly label?: string | undefined;
  readonly state?: ProductState | undefined;
  readonly minAmount?: string | undefined;
  readonly maxAmount?: string | undefined;
}

export async function searchProducts(
  db: Db,
  query: ProductQuery,
  audience: Audience,
): Promise<{ items: ProductSummary[]; total: number }> {
  const terms = sql`websearch_to_tsquery('english', ${query.text ?? ''})`;
  let matching = db
    .selectFrom('product')
    .innerJoin('product_text', 'product_text.product_id', 'product.product_id')
    .where('removed', 'is', null);
  if (!audience.unpublished) matching = matching.where('state', '<>', 'unpublished');
  if (query.state !== undefined) matching = matching.where('state', '=', query.state);
  if (query.minAmount !== undefined) matching = matching.where('amount', '>=', query.minAmount);
  if (query.maxAmount !== undefined) matching = matching.where('amount', '<=', query.maxAmount);
  if (query.label !== undefined)
    matching = matching.where(sql<boolean>`labels @> ${[query.label]}::text[]`);
  if (query.text !== undefined) matching = matching.where(sql<boolean>`search @@ ${terms}`);
  if (query.categorySlug !== undefined)
    matching = matching.where('product.product_id', 'in', inBranch(query.categorySlug));

  const selected = matching.select(summaryColumns);
  const sorted =
    query.sort === 'relevance'
      ? selected.orderBy(sql`ts_rank(search, ${terms})`, 'desc')
      : selected.orderBy(query.sort.by, query.sort.descending ? 'desc' : 'asc');
  // Equal titles and amounts are common: without the id, pages would overlap.
  const rows = await sorted
    .orderBy('product.product_id')
    .limit(query.perPage)
    .offset((query.page - 1) * query.perPage)
    .execute();
  const { total } = await matching
    .select((of) => of.fn.countAll<string>().as('total'))
    .executeTakeFirstOrThrow();
  return { items: rows.map(toSummary), total: Number(total) };
}

/** Products of a category and of everything below it. */
const inBranch = (slug: string) => sql<string>`(
  WITH RECURSIVE branch AS (
    SELECT category_id FROM category WHERE slug = ${slug}
    UNION ALL
    SELECT child.category_id FROM category child JOIN branch ON child.parent_category_id = branch.category_id
  )
  SELECT product_id FROM product_category JOIN branch USING (category_id))`;
