import { createHash } from 'node:crypto';
import { money, productName, productPrice } from './catalog.ts';
import type { Cell } from './copy.ts';
import { seededRandom } from './random.ts';
import {
  DEMO_USERS,
  EPOCH,
  FIRST_ORDER_ID,
  FIRST_PRODUCT_ID,
  WAREHOUSES,
  type SeedSizes,
} from './sizes.ts';

const HOUR = 3_600_000;
const COUNTRIES = ['DE', 'AT', 'FR', 'US', 'GB'] as const;
const STATUSES = ['placed', 'paid', 'packed', 'shipped', 'delivered'] as const;
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Of 'correct horse', the password of every seeded user. Hashing one per user would take minutes at a large scale; they share
 * salt and hash.
 */
const SEED_PASSWORD_HASH = 'scrypt$c2VlZC1zYWx0$CyRvFWty2U1jcPatS/f+IqARFOk/xsEO1sjUM1kZX0w=';

const isStaff = (id: number): boolean => id <= DEMO_USERS;

export function* users({ users: count }: SeedSizes): Generator<Cell[]> {
  for (let id = 1; id <= count; id++) {
    yield [
      id,
      isStaff(id) ? `demo${id}@shop.example` : `user${id}@mail.example`,
      `User ${id}`,
      SEED_PASSWORD_HASH,
      id === 1 ? 'admin' : isStaff(id) ? 'staff' : 'customer',
      id % 6 === 0 ? null : id % 3 === 0 ? 'de' : 'en',
      id % 4 === 0 ? null : `19${60 + (id % 40)}-0${1 + (id % 9)}-1${id % 10}`,
      { json: { newsletter: id % 2 === 0 } },
      new Date(EPOCH + id * 1000),
    ];
  }
}

export function* apiTokens(): Generator<Cell[]> {
  for (let id = 1; id <= DEMO_USERS; id++)
    yield [sha256(`demo-token-${id}`), id, 'demo', new Date(EPOCH)];
}

export function* addresses({ users: count }: SeedSizes): Generator<Cell[]> {
  for (let id = 1; id <= count; id++)
    yield [
      id,
      id,
      `User ${id}`,
      `Main street ${id}`,
      String(10_000 + id),
      'Town',
      COUNTRIES[id % COUNTRIES.length] ?? 'DE',
    ];
}

export function* paymentMethods({ users: count }: SeedSizes): Generator<Cell[]> {
  for (let id = 1; id <= count; id++)
    yield [
      id,
      id,
      id % 3 === 0 ? 'sepa' : 'card',
      id % 3 === 0 ? 'DE** 1234' : '**** 4242',
      `tok_${id}`,
      id % 3 === 0 ? null : '2029-12-31',
    ];
}

export function* warehouses(): Generator<Cell[]> {
  for (let id = 1; id <= WAREHOUSES; id++)
    yield [
      id,
      `WH${id}`,
      `Warehouse ${id}`,
      COUNTRIES[id - 1] ?? 'DE',
      id === 3 ? null : `201${6 + id}-05-01`,
    ];
}

export function* carriers(): Generator<Cell[]> {
  yield [1, 'postal', 'Postal Service', ['standard']];
  yield [2, 'swift', 'Swift Parcel', ['standard', 'express']];
  yield [3, 'night', 'Night Rider', ['express', 'overnight']];
}

export function* stockLevels({ products: count }: SeedSizes): Generator<Cell[]> {
  for (let index = 0; index < count; index++) {
    for (let warehouse = 1; warehouse <= WAREHOUSES; warehouse++) {
      if ((index + warehouse) % 4 === 0) continue;
      yield [
        FIRST_PRODUCT_ID + BigInt(index),
        warehouse,
        100 + ((index * 37 + warehouse) % 900),
        index % 9 === 0 ? null : 10,
        new Date(EPOCH + index * 1000),
      ];
    }
  }
}

interface SeedOrder {
  readonly id: bigint;
  readonly user: number;
  readonly step: number;
  readonly cancelled: boolean;
  readonly at: number;
  readonly uuid: string;
  readonly paymentId: string;
  readonly lines: readonly { index: number; quantity: number }[];
  readonly subtotal: number;
}

function* everyOrder(sizes: SeedSizes): Generator<SeedOrder> {
  const random = seededRandom(4_711);
  for (let index = 0; index < sizes.orders; index++) {
    const lines = Array.from({ length: random.int(1, 4) }, () => ({
      index: random.int(0, sizes.products - 1),
      quantity: random.int(1, 3),
    }));
    yield {
      id: FIRST_ORDER_ID + BigInt(index),
      user: random.int(1, sizes.users),
      step: random.int(0, STATUSES.length - 1),
      cancelled: random.chance(0.05),
      at: EPOCH + index * 2 * HOUR,
      uuid: random.uuid(),
      paymentId: random.uuid(),
      lines,
      subtotal: lines.reduce((sum, line) => sum + productPrice(line.index) * line.quantity, 0),
    };
  }
}

export function* orders(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes)) {
    yield [
      order.id,
      order.uuid,
      order.user,
      order.user,
      order.cancelled ? 'cancelled' : (STATUSES[order.step] ?? 'placed'),
      money(order.subtotal),
      '4.90',
      new Date(order.at),
      order.step === 2 ? 'Leave it with the neighbour' : null,
    ];
  }
}

export function* orderItems(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes)) {
    for (const [line, item] of order.lines.entries()) {
      yield [
        order.id,
        line + 1,
        FIRST_PRODUCT_ID + BigInt(item.index),
        1 + (item.index % WAREHOUSES),
        productName(item.index),
        item.quantity,
        money(productPrice(item.index)),
      ];
    }
  }
}

export function* orderEvents(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes)) {
    for (let step = 0; step <= order.step; step++)
      yield [order.id, STATUSES[step] ?? 'placed', new Date(order.at + step * HOUR)];
    if (order.cancelled) yield [order.id, 'cancelled', new Date(order.at + 9 * HOUR)];
  }
}

export function* payments(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes)) {
    yield [
      order.paymentId,
      order.id,
      order.user,
      money(order.subtotal + 490),
      order.cancelled ? 'refunded' : order.step > 0 ? 'captured' : 'authorized',
      { json: { provider: 'acme', reference: `ch_${order.id}` } },
      new Date(order.at),
    ];
  }
}

export function* refunds(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes))
    if (order.cancelled)
      yield [
        order.paymentId,
        1,
        money(order.subtotal + 490),
        'order cancelled',
        new Date(order.at + 9 * HOUR),
      ];
}

export function* shipments(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes)) {
    if (order.cancelled || order.step < 3) continue;
    const shipped = new Date(order.at + 3 * HOUR).toISOString().slice(0, -1);
    yield [
      order.id,
      1 + (Number(order.id) % 3),
      `TRK${order.id}`,
      shipped,
      order.step === 4 ? new Date(order.at + 30 * HOUR).toISOString().slice(0, -1) : null,
    ];
  }
}

export function* notifications(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes))
    yield [
      order.user,
      order.id,
      'order_placed',
      `Thank you for order ${order.id}`,
      new Date(order.at),
      order.step > 2 ? new Date(order.at + HOUR) : null,
    ];
}

export function* auditLog(sizes: SeedSizes): Generator<Cell[]> {
  for (const order of everyOrder(sizes))
    if (order.cancelled)
      yield [
        new Date(order.at + 9 * HOUR),
        order.user,
        'order.cancelled',
        String(order.id),
        { json: { via: 'seed' } },
      ];
}
