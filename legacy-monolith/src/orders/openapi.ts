import {
  id,
  input,
  list,
  money,
  object,
  oneOf,
  orNull,
  ref,
  stamp,
  text,
  uuid,
  whole,
  type ModuleDocument,
} from '../http/openapi.ts';
import { ORDER_STATUSES } from './order-status.ts';

const refusal = ref('OrderError');
const status = oneOf(...ORDER_STATUSES);
const paymentRefusal = ref('PaymentError');

export const ordersDocument: ModuleDocument = {
  module: 'orders',
  schemas: {
    OrderError: object({ code: text, message: text }),
    Order: object({
      id,
      orderNumber: uuid,
      user_id: whole,
      status,
      currency: text,
      subtotal: money,
      shippingFee: money,
      total: money,
      placed_at: stamp,
      note: orNull(text),
      items: list(
        object({
          line_no: whole,
          product_id: id,
          product_name: text,
          quantity: whole,
          unit_price: money,
        }),
      ),
      payments: list(
        object({
          id: uuid,
          state: oneOf('authorized', 'captured', 'failed', 'refunded'),
          amount: money,
        }),
      ),
    }),
    Cart: object({
      items: list(
        object({ product_id: id, name: text, quantity: whole, price: money, lineTotal: money }),
      ),
      total: money,
    }),
  },
  paths: {
    'GET /api/cart': { summary: 'My cart', for: 'user', answers: { 200: ref('Cart') } },
    'PUT /api/cart/items/{productId}': {
      summary: 'Put into the cart',
      for: 'user',
      body: input({ quantity: whole }, ['quantity']),
      answers: { 200: ref('Cart'), 400: refusal, 404: refusal },
    },
    'DELETE /api/cart/items/{productId}': {
      summary: 'Take out of the cart',
      for: 'user',
      answers: { 200: ref('Cart') },
    },
    'POST /api/orders': {
      summary: 'Place an order: all or nothing',
      for: 'user',
      body: input({
        items: list(input({ product_id: id, quantity: whole }, ['product_id'])),
        address_id: whole,
        paymentMethodId: whole,
        service_level: oneOf('standard', 'express', 'overnight'),
        note: orNull(text),
      }),
      answers: {
        201: ref('Order'),
        400: refusal,
        402: paymentRefusal,
        409: refusal,
        422: { anyOf: [refusal, paymentRefusal] },
      },
    },
    'GET /api/orders': {
      summary: 'My orders, newest first',
      for: 'user',
      query: { limit: whole, before: id },
      answers: {
        200: object({
          orders: list(object({ id, status, total: money, currency: text, placed_at: stamp })),
          nextBefore: orNull(id),
        }),
        400: refusal,
      },
    },
    'GET /api/orders/feed': {
      summary: 'What happens to orders from now on',
      for: 'user',
      query: { mine: text },
      answers: { 200: { content: 'text/event-stream' } },
    },
    'GET /api/orders/{id}': {
      summary: 'One order',
      for: 'user',
      answers: { 200: ref('Order'), 404: refusal },
    },
    'GET /api/orders/{id}/events': {
      summary: 'What happened and happens to an order',
      for: 'user',
      answers: { 200: { content: 'text/event-stream' }, 404: refusal },
    },
    'POST /api/orders/{id}/cancel': {
      summary: 'Cancel an order',
      for: 'user',
      answers: { 200: ref('Order'), 404: refusal, 409: refusal },
    },
    'POST /api/orders/{id}/status': {
      summary: 'Move an order on',
      for: 'staff',
      body: input({ status }, ['status']),
      answers: { 200: ref('Order'), 400: refusal, 404: refusal, 409: refusal },
    },
  },
};
