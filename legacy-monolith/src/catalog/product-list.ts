import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { ProductStatus } from '../db/schema.ts';
import { HttpError } from '../http/http-error.ts';
import { isMoney, wholeNumber, type Fields } from '../http/input.ts';
import { productSummary } from './product-json.ts';

const SORTS = ['name', 'price', 'created_at', 'sku'] as const;
type SortColumn = (typeof SORTS)[number];

export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly sort: { readonly column: SortColumn; readonly descending: boolean } | 'relevance';
  readonly search?: string | undefined;
  readonly category?: string | undefined;
  readonly tag?: string | undefined;
  readonly status?: ProductStatus | undefined;
  readonly minPrice?: string | undefined;
  readonly maxPrice?: string | undefined;
}

// This part of the API answers with one text, the other parts of the catalog with a list.
const badParameter = (name: string): HttpError =>
  new HttpError(400, { error: `invalid parameter: ${name}` });
const text = (query: Fields, name: string): string | undefined => {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string' || value.length > 200 || value.includes('\0'))
    throw badParameter(name);
  return value;
};

export function readListQuery(query: Fields): ListQuery {
  const page = wholeNumber(query.page, 1, 100_000, 1);
  const perPage = wholeNumber(query.per_page, 1, 100, 20);
  if (page === undefined) throw badParameter('page');
  if (perPage === undefined) throw badParameter('per_page');
  const search = text(query, 'q');
  const status = text(query, 'status');
  if (
    status !== undefined &&
    status !== 'draft' &&
    status !== 'active' &&
    status !== 'discontinued'
  )
    throw badParameter('status');
  const [minPrice, maxPrice] = [text(query, 'min_price'), text(query, 'max_price')];
  if (minPrice !== undefined && !isMoney(minPrice)) throw badParameter('min_price');
  if (maxPrice !== undefined && !isMoney(maxPrice)) throw badParameter('max_price');
  return {
    page,
    perPage,
    sort: readSort(text(query, 'sort'), search),
    search,
    category: text(query, 'category'),
    tag: text(query, 'tag'),
    status,
    minPrice,
    maxPrice,
  };
}

function readSort(value: string | undefined, search: string | undefined): ListQuery['sort'] {
  if (value === undefined)
    return search === undefined ? { column: 'created_at', descending: true } : 'relevance';
  if (value === 'relevance' && search !== undefined) return 'relevance';
  const descending = value.startsWith('-');
  const column = SORTS.find((name) => name === value.slice(descending ? 1 : 0));
  if (!column) throw badParameter('sort');
  return { column, descending };
}

export async function listProducts(db: Db, query: ListQuery, { drafts }: { drafts: boolean }) {
  let matching = db.selectFrom('products').where('deleted_at', 'is', null);
  if (!drafts) matching = matching.where('status', '<>', 'draft');
  if (query.status) matching = matching.where('status', '=', query.status);
  if (query.minPrice !== undefined) matching = matching.where('price', '>=', query.minPrice);
  if (query.maxPrice !== undefined) matching = matching.where('price', '<=', query.maxPrice);
  if (query.tag !== undefined)
    matching = matching.where(sql<boolean>`tags @> ${[query.tag]}::text[]`);
  const tsquery = sql`websearch_to_tsquery('english', ${query.search ?? ''})`;
  if (query.search !== undefined)
    matching = matching.where(sql<boolean>`search_vector @@ ${tsquery}`);
  if (query.category !== undefined)
    matching = matching.where('id', 'in', inCategory(query.category));

  let page = matching.select([
    'id',
    'sku',
    'name',
    'price',
    'currency',
    'status',
    'tags',
    'weight',
    'external_ref',
    'released_on',
    'created_at',
    'updated_at',
  ]);
  page =
    query.sort === 'relevance'
      ? page.orderBy(sql`ts_rank(search_vector, ${tsquery})`, 'desc')
      : page.orderBy(query.sort.column, query.sort.descending ? 'desc' : 'asc');
  // Equal names and prices are common: without the id, pages would overlap.
  const rows = await page
    .orderBy('id')
    .limit(query.perPage)
    .offset((query.page - 1) * query.perPage)
    .execute();
  const { total } = await matching
    .select((count) => count.fn.countAll<string>().as('total'))
    .executeTakeFirstOrThrow();
  return {
    items: rows.map(productSummary),
    total: Number(total),
    page: query.page,
    per_page: query.perPage,
  };
}

/** Products of a category and of everything below it. */
const inCategory = (slug: string) => sql<string>`(
  WITH RECURSIVE branch AS (
    SELECT id FROM categories WHERE slug = ${slug}
    UNION ALL
    SELECT child.id FROM categories child JOIN branch ON child.parent_id = branch.id
  )
  SELECT product_id FROM product_categories JOIN branch ON category_id = branch.id)`;
