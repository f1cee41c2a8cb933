import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { asFields, isText, parseId } from '../http/input.ts';
import { takeStock } from '../inventory/stock.ts';
import { notify } from '../notifications/notify.ts';
import { authorizePayment } from '../payments/authorize.ts';
import { fromCents, toCents } from '../shipping/quote-routes.ts';
import { quote, SERVICE_LEVELS, type ServiceLevel } from '../shipping/rates.ts';
import { orderError } from './order-error.ts';

export interface OrderRequest {
  /** Undefined: what is in the cart. */
  readonly items?: readonly OrderLine[] | undefined;
  readonly addressId?: number | undefined;
  readonly paymentMethodId?: number | undefined;
  readonly serviceLevel: ServiceLevel;
  readonly note: string | null;
}

interface OrderLine {
  readonly productId: string;
  readonly quantity: number;
}

const optionalNumber = (value: unknown, name: string): number | undefined => {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2_147_483_647)
    throw orderError(400, 'INVALID_ORDER', `${name} must be a number`);
  return value;
};

export function readOrderRequest(body: unknown): OrderRequest {
  const fields = asFields(body) ?? {};
  const serviceLevel = SERVICE_LEVELS.find(
    (level) => level === (fields.service_level ?? 'standard'),
  );
  if (!serviceLevel) throw orderError(400, 'INVALID_ORDER', 'service_level is unknown');
  if (fields.note !== undefined && fields.note !== null && !isText(fields.note, 500))
    throw orderError(400, 'INVALID_ORDER', 'note is too long');
  return {
    items: fields.items === undefined ? undefined : readLines(fields.items),
    addressId: optionalNumber(fields.address_id, 'address_id'),
    paymentMethodId: optionalNumber(fields.paymentMethodId, 'paymentMethodId'),
    serviceLevel,
    note: typeof fields.note === 'string' ? fields.note : null,
  };
}

function readLines(items: unknown): OrderLine[] {
  if (!Array.isArray(items) || items.length < 1 || items.length > 50)
    throw orderError(400, 'INVALID_ORDER', 'items must be a list of 1 to 50');
  const quantities = new Map<string, number>();
  for (const item of items) {
    const fields = asFields(item) ?? {};
    const productId = parseId(fields.product_id);
    if (productId === undefined)
      throw orderError(400, 'INVALID_ORDER', 'product_id must be an id as a string');
    const quantity = optionalNumber(fields.quantity, 'quantity') ?? 1;
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

/** One transaction over orders, inventory and payments: either everything happened or nothing. */
export async function placeOrder(db: Db, userId: number, request: OrderRequest): Promise<string> {
  return db.transaction().execute(async (transaction) => {
    const lines = request.items ?? (await readCart(transaction, userId));
    const address = await deliveryAddress(transaction, userId, request.addressId);
    const products = await transaction
      .selectFrom('products')
      .select([
        'id',
        'name',
        'price',
        'weight',
        sql<string>`coalesce(currency, 'EUR')`.as('currency'),
      ])
      .where(
        'id',
        'in',
        lines.map((line) => line.productId),
      )
      .where('status', '=', 'active')
      .where('deleted_at', 'is', null)
      .execute();
    const known = new Map(products.map((product) => [product.id, product]));
    const currencies = new Set(products.map((product) => product.currency));
    const [currency] = currencies;
    if (known.size < lines.length || currency === undefined)
      throw orderError(422, 'PRODUCT_UNAVAILABLE', 'a product of this order is not for sale');
    if (currencies.size > 1)
      throw orderError(422, 'MIXED_CURRENCIES', 'one order can have one currency');

    // In the order of the ids, or two orders of the same things in another order wait for each other.
    const picked: { line: OrderLine; warehouse: number; name: string; price: string }[] = [];
    for (const line of lines.toSorted((a, b) =>
      BigInt(a.productId) < BigInt(b.productId) ? -1 : 1,
    )) {
      const product = known.get(line.productId);
      const warehouse = await takeStock(transaction, line.productId, line.quantity);
      if (warehouse === undefined || !product)
        throw orderError(409, 'OUT_OF_STOCK', `not enough of product ${line.productId}`);
      picked.push({ line, warehouse, name: product.name, price: product.price });
    }
    const { subtotal, grams } = await sumUp(transaction, lines);
    const { amountCents } = quote({
      weightGrams: grams,
      country: address.country,
      serviceLevel: request.serviceLevel,
      subtotalCents: toCents(subtotal),
    });
    const order = await transaction
      .insertInto('orders')
      .values({
        user_id: userId,
        address_id: address.id,
        currency,
        subtotal,
        shipping_fee: fromCents(amountCents),
        note: request.note,
      })
      .returning(['id', 'total'])
      .executeTakeFirstOrThrow();
    await transaction
      .insertInto('order_items')
      .values(
        picked.map(({ line, warehouse, name, price }, index) => ({
          order_id: order.id,
          line_no: index + 1,
          product_id: line.productId,
          warehouse_id: warehouse,
          product_name: name,
          quantity: line.quantity,
          unit_price: price,
        })),
      )
      .execute();
    await transaction
      .insertInto('stock_movements')
      .values(
        picked.map(({ line, warehouse }) => ({
          product_id: line.productId,
          warehouse_id: warehouse,
          quantity: -line.quantity,
          reason: 'sold' as const,
          actor_id: userId,
          order_id: order.id,
        })),
      )
      .execute();
    await authorizePayment(transaction, {
      userId,
      orderId: order.id,
      amount: order.total,
      methodId: request.paymentMethodId,
    });
    await transaction
      .insertInto('order_events')
      .values({ order_id: order.id, status: 'placed' })
      .execute();
    await notify(transaction, {
      userId,
      orderId: order.id,
      kind: 'order_placed',
      body: `Thank you for order ${order.id}`,
    });
    if (!request.items)
      await transaction.deleteFrom('carts').where('user_id', '=', userId).execute();
    return order.id;
  });
}

async function readCart(transaction: Db, userId: number): Promise<OrderLine[]> {
  const rows = await transaction
    .selectFrom('cart_items')
    .select(['product_id', 'quantity'])
    .where('user_id', '=', userId)
    .forUpdate()
    .execute();
  if (rows.length === 0) throw orderError(422, 'EMPTY_CART', 'there is nothing to order');
  return rows.map((row) => ({ productId: row.product_id, quantity: row.quantity }));
}

async function deliveryAddress(
  transaction: Db,
  userId: number,
  addressId: number | undefined,
): Promise<{ id: number; country: string }> {
  let query = transaction
    .selectFrom('addresses')
    .select(['id', 'country'])
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null);
  if (addressId !== undefined) query = query.where('id', '=', addressId);
  const address = await query.orderBy('id').limit(1).executeTakeFirst();
  if (!address) throw orderError(422, 'NO_ADDRESS', 'there is no address to send this order to');
  return address;
}

async function sumUp(
  transaction: Db,
  lines: readonly OrderLine[],
): Promise<{ subtotal: string; grams: number }> {
  const {
    rows: [sums],
  } = await sql<{ subtotal: string; grams: number }>`
    SELECT sum(price * quantity)::numeric(14,2) AS subtotal, least(greatest(ceil(sum(coalesce(weight,
      0.5) * 1000 * quantity)), 1), 70000)::integer AS grams
    FROM products JOIN unnest(${lines.map((line) => line.productId)}::bigint[],
      ${lines.map((line) => line.quantity)}::integer[]) AS line (id, quantity) USING (id)`.execute(
    transaction,
  );
  if (!sums) throw new Error('an order without lines was summed up');
  return sums;
}
