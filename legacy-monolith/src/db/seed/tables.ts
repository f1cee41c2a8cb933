import * as catalog from './catalog.ts';
import type { Cell } from './copy.ts';
import * as shop from './shop.ts';
import type { SeedSizes } from './sizes.ts';

export interface SeedTable {
  readonly table: string;
  readonly columns: string;
  readonly rows: (sizes: SeedSizes) => Iterable<readonly Cell[]>;
}

/** In the order that the foreign keys ask for. */
export const SEED_TABLES: readonly SeedTable[] = [
  {
    table: 'users',
    columns: 'id,email,full_name,password_hash,role,locale,birth_date,preferences,created_at',
    rows: shop.users,
  },
  { table: 'api_tokens', columns: 'token_hash,user_id,label,created_at', rows: shop.apiTokens },
  {
    table: 'addresses',
    columns: 'id,user_id,recipient,street,postal_code,city,country',
    rows: shop.addresses,
  },
  {
    table: 'categories',
    columns: 'id,parent_id,slug,name,position,created_at',
    rows: catalog.categories,
  },
  {
    table: 'products',
    columns:
      'id,sku,name,description,price,currency,status,attributes,tags,weight,external_ref,released_on,created_at,updated_at,deleted_at',
    rows: catalog.products,
  },
  {
    table: 'product_categories',
    columns: 'product_id,category_id,position',
    rows: catalog.productCategories,
  },
  {
    table: 'product_images',
    columns: 'id,product_id,filename,content_type,content,sha256,alt_text,uploaded_at',
    rows: catalog.productImages,
  },
  {
    table: 'price_history',
    columns: 'product_id,revision,old_price,new_price,changed_at',
    rows: catalog.priceHistory,
  },
  { table: 'warehouses', columns: 'id,code,name,country,opened_on', rows: shop.warehouses },
  {
    table: 'stock_levels',
    columns: 'product_id,warehouse_id,on_hand,reorder_point,updated_at',
    rows: shop.stockLevels,
  },
  { table: 'carriers', columns: 'id,code,name,service_levels', rows: shop.carriers },
  {
    table: 'payment_methods',
    columns: 'id,user_id,kind,label,token,expires_on',
    rows: shop.paymentMethods,
  },
  {
    table: 'orders',
    columns: 'id,order_number,user_id,address_id,status,subtotal,shipping_fee,placed_at,note',
    rows: shop.orders,
  },
  {
    table: 'order_items',
    columns: 'order_id,line_no,product_id,warehouse_id,product_name,quantity,unit_price',
    rows: shop.orderItems,
  },
  { table: 'order_events', columns: 'order_id,status,at', rows: shop.orderEvents },
  {
    table: 'payments',
    columns: 'id,order_id,method_id,amount,state,provider_payload,created_at',
    rows: shop.payments,
  },
  {
    table: 'refunds',
    columns: 'payment_id,refund_no,amount,reason,created_at',
    rows: shop.refunds,
  },
  {
    table: 'shipments',
    columns: 'order_id,carrier_id,tracking_number,shipped_at,delivered_at',
    rows: shop.shipments,
  },
  {
    table: 'notifications',
    columns: 'user_id,order_id,kind,body,created_at,read_at',
    rows: shop.notifications,
  },
  { table: 'audit_log', columns: 'at,actor_id,action,subject,details', rows: shop.auditLog },
];
