import { publishEvent } from '@strangler-toolkit/service-kit';
import type { Transaction } from 'kysely';
import { querying } from './database.ts';
import type { CatalogSchema } from './schema.ts';

type Tx = Transaction<CatalogSchema>;

/** The product as it is after the change: who listens need not ask back. */
export async function publishProduct(
  tx: Tx,
  type: 'product.created' | 'product.changed' | 'product.removed',
  id: string,
): Promise<void> {
  const { product_id, ...fields } = await tx
    .selectFrom('product')
    .innerJoin('product_text', 'product_text.product_id', 'product.product_id')
    .select([
      'product.product_id',
      'sku',
      'title',
      'amount',
      'currency_code as currencyCode',
      'state',
      'labels',
    ])
    .where('product.product_id', '=', id)
    .executeTakeFirstOrThrow();
  await publish(tx, 'product', type, product_id, fields);
}

export const publishPart = (
  tx: Tx,
  type:
    | 'product.categorised'
    | 'product.uncategorised'
    | 'product.image-added'
    | 'product.image-removed',
  productId: string,
  part: Readonly<Record<string, unknown>>,
): Promise<void> => publish(tx, 'product', type, productId, part);

export async function publishCategory(
  tx: Tx,
  type: 'category.created' | 'category.changed',
  id: string,
): Promise<void> {
  const { category_id, ...fields } = await tx
    .selectFrom('category')
    .select([
      'category_id',
      'slug',
      'label',
      'parent_category_id as parentId',
      'sort_order as sortOrder',
    ])
    .where('category_id', '=', id)
    .executeTakeFirstOrThrow();
  await publish(tx, 'category', type, category_id, fields);
}

async function publish(
  tx: Tx,
  aggregateType: string,
  type: string,
  id: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  await publishEvent(querying(tx), {
    aggregateType,
    aggregateId: id,
    type,
    payload: { id, ...fields },
  });
}
