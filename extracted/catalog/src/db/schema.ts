import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { ProductState } from '../domain/product.ts';

type Moment = ColumnType<Date, Date | string | undefined, Date | string>;

export interface CatalogSchema {
  category: {
    category_id: Generated<string>;
    parent_category_id: string | null;
    slug: string;
    label: string;
    sort_order: Generated<number>;
  };
  product: {
    product_id: Generated<string>;
    sku: string;
    amount: string;
    currency_code: string | null | undefined;
    state: Generated<ProductState>;
    specs: ColumnType<unknown, string | undefined, string>;
    labels: Generated<string[]>;
    weight_kg: string | null;
    erp_reference: string | null;
    available_from: string | null;
    created: Moment;
    modified: Moment;
    removed: ColumnType<Date | null, Date | null | undefined, Date | null>;
  };
  product_text: {
    product_id: string;
    title: string;
    body: string | null;
    search: GeneratedAlways<string>;
  };
  product_category: { product_id: string; category_id: string; sort_order: Generated<number> };
  product_image: {
    image_id: Generated<string>;
    product_id: string;
    file_name: string;
    media_type: string;
    bytes: Buffer;
    digest: Buffer;
    alternative_text: string | null;
    uploaded: Moment;
  };
  price_change: {
    product_id: string;
    revision: number;
    previous_amount: string | null;
    amount: string;
    occurred: Moment;
  };
}
