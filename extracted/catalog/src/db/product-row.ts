import type { Selectable } from 'kysely';
import type { ProductSummary } from '../domain/product.ts';
import type { CatalogSchema } from './schema.ts';

export const summaryColumns = [
  'product.product_id',
  'sku',
  'title',
  'amount',
  'currency_code',
  'state',
  'labels',
  'weight_kg',
  'erp_reference',
  'available_from',
  'created',
  'modified',
] as const;

type Row = Pick<
  Selectable<CatalogSchema['product']>,
  | 'product_id'
  | 'sku'
  | 'amount'
  | 'state'
  | 'labels'
  | 'weight_kg'
  | 'erp_reference'
  | 'available_from'
  | 'created'
  | 'modified'
> & {
  currency_code: string | null | undefined;
  title: string;
};

export const toSummary = (row: Row): ProductSummary => ({
  id: row.product_id,
  sku: row.sku,
  title: row.title,
  amount: row.amount,
  currencyCode: row.currency_code ?? null,
  state: row.state,
  labels: row.labels,
  weightKg: row.weight_kg,
  erpReference: row.erp_reference,
  availableFrom: row.available_from,
  created: row.created,
  modified: row.modified,
});
