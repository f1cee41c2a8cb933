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
  await publish(tx, { aggregate: 'product', type, id: product_id, fields });
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
): Promise<void> => publish(tx, { aggregate: 'product', type, id: productId, fields: part });

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
  await publish(tx, { aggregate: 'category', type, id: category_id, fields });
}

interface CatalogEvent {
  readonly aggregate: string;
  readonly type: string;
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

async function publish(tx: Tx, { aggregate, type, id, fields }: CatalogEvent): Promise<void> {
  await publishEvent(querying(tx), {
    aggregateType: aggregate,
    aggregateId: id,
    type,
    payload: { id, ...fields },
  });
}
