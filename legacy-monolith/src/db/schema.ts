import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

type Stamp = ColumnType<Date, Date | string | undefined, Date | string>;
type NullableStamp = ColumnType<
  Date | null,
  Date | string | null | undefined,
  Date | string | null
>;
type Money = string;
type Json = ColumnType<unknown, string | undefined, string>;

export type OrderStatus = 'placed' | 'paid' | 'packed' | 'shipped' | 'delivered' | 'cancelled';
export type ProductStatus = 'draft' | 'active' | 'discontinued';
export type Role = 'customer' | 'staff' | 'admin';
export type PaymentState = 'authorized' | 'captured' | 'failed' | 'refunded';

export interface Shop {
  users: {
    id: Generated<number>;
    email: string;
    full_name: string;
    password_hash: string;
    role: Generated<Role>;
    locale: string | null | undefined;
    birth_date: string | null;
    preferences: Json;
    created_at: Stamp;
    deleted_at: NullableStamp;
  };
  api_tokens: {
    token_hash: Buffer;
    user_id: number;
    label: string | null;
    created_at: Stamp;
    expires_at: NullableStamp;
  };
  sessions: {
    id: Generated<string>;
    user_id: number;
    csrf_token: string;
    created_at: Stamp;
    expires_at: ColumnType<Date, Date, Date>;
  };
  addresses: {
    id: Generated<number>;
    user_id: number;
    recipient: string;
    street: string;
    postal_code: string;
    city: string;
    country: string;
    deleted_at: NullableStamp;
  };
  audit_log: {
    at: Stamp;
    actor_id: number | null;
    action: string;
    subject: string | null;
    details: Json;
  };
  categories: {
    id: Generated<string>;
    parent_id: string | null;
    slug: string;
    name: string;
    position: Generated<number>;
    created_at: Stamp;
  };
  products: {
    id: Generated<string>;
    sku: string;
    name: string;
    description: string | null;
    price: Money;
    currency: string | null;
    status: Generated<ProductStatus>;
    attributes: Json;
    tags: Generated<string[]>;
    weight: string | null;
    external_ref: string | null;
    released_on: string | null;
    created_at: Stamp;
    updated_at: Stamp;
    deleted_at: NullableStamp;
    search_vector: GeneratedAlways<string>;
  };
  product_categories: { product_id: string; category_id: string; position: Generated<number> };
  product_images: {
    id: Generated<string>;
    product_id: string;
    filename: string;
    content_type: string;
    content: Buffer;
    sha256: Buffer;
    alt_text: string | null;
    uploaded_at: Stamp;
  };
  price_history: {
    product_id: string;
    revision: number;
    old_price: Money | null;
    new_price: Money;
    changed_at: Stamp;
  };
  warehouses: {
    id: Generated<number>;
    code: string;
    name: string;
    country: string;
    opened_on: string | null;
  };
  stock_levels: {
    product_id: string;
    warehouse_id: number;
    on_hand: Generated<number>;
    reorder_point: number | null;
    updated_at: Stamp;
  };
  stock_movements: {
    id: Generated<string>;
    product_id: string;
    warehouse_id: number;
    quantity: number;
    reason: 'received' | 'sold' | 'cancelled' | 'transferred' | 'counted';
    actor_id: number | null;
    at: Stamp;
    order_id: string | null;
  };
  carts: { user_id: number; updated_at: Stamp };
  cart_items: { user_id: number; product_id: string; quantity: number };
  orders: {
    id: Generated<string>;
    order_number: Generated<string>;
    user_id: number;
    address_id: number | null;
    status: Generated<OrderStatus>;
    currency: Generated<string>;
    subtotal: Money;
    shipping_fee: Money;
    total: GeneratedAlways<string>;
    placed_at: Stamp;
    note: string | null;
  };
  order_items: {
    order_id: string;
    line_no: number;
    product_id: string;
    warehouse_id: number;
    product_name: string;
    quantity: number;
    unit_price: Money;
  };
  order_events: { id: Generated<string>; order_id: string; status: OrderStatus; at: Stamp };
  payment_methods: {
    id: Generated<number>;
    user_id: number;
    kind: string;
    label: string;
    token: string;
    expires_on: string | null;
    deleted_at: NullableStamp;
  };
  payments: {
    id: Generated<string>;
    order_id: string;
    method_id: number;
    amount: Money;
    state: Generated<PaymentState>;
    provider_payload: Json | null;
    created_at: Stamp;
  };
  refunds: {
    payment_id: string;
    refund_no: number;
    amount: Money;
    reason: string | null;
    created_at: Stamp;
  };
  carriers: { id: Generated<number>; code: string; name: string; service_levels: string[] };
  shipments: {
    id: Generated<string>;
    order_id: string;
    carrier_id: number;
    tracking_number: string;
    shipped_at: Stamp;
    delivered_at: NullableStamp;
  };
  notifications: {
    id: Generated<string>;
    user_id: number;
    order_id: string | null;
    kind: string;
    body: string;
    created_at: Stamp;
    read_at: NullableStamp;
  };
  notification_preferences: {
    user_id: number;
    kind: string;
    by_email: Generated<boolean>;
    by_push: boolean | null;
  };
}
