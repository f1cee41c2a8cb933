import {
  day,
  id,
  input,
  list,
  object,
  oneOf,
  orNull,
  ref,
  stamp,
  text,
  whole,
  type ModuleDocument,
} from '../http/openapi.ts';

const refusal = ref('InventoryError');

export const inventoryDocument: ModuleDocument = {
  module: 'inventory',
  schemas: { InventoryError: object({ message: text }) },
  paths: {
    'GET /api/warehouses': {
      summary: 'Warehouses',
      answers: {
        200: list(
          object({ id: whole, code: text, name: text, country: text, opened_on: orNull(day) }),
        ),
      },
    },
    'GET /api/inventory': {
      summary: 'What runs low',
      for: 'staff',
      query: { below: whole },
      answers: {
        200: object({
          low: list(
            object({
              product_id: id,
              sku: text,
              warehouse_id: whole,
              on_hand: whole,
              reorder_point: orNull(whole),
            }),
          ),
        }),
        400: refusal,
      },
    },
    'GET /api/inventory/{productId}': {
      summary: 'Stock of one product',
      answers: {
        200: object({
          productId: id,
          available: whole,
          levels: list(
            object({ warehouse_id: whole, on_hand: whole, reorder_point: orNull(whole) }),
          ),
        }),
        400: refusal,
        404: refusal,
      },
    },
    'GET /api/inventory/{productId}/movements': {
      summary: 'What came and went',
      for: 'staff',
      answers: {
        200: object({
          movements: list(
            object({
              id,
              warehouse_id: whole,
              quantity: whole,
              reason: oneOf('received', 'sold', 'cancelled', 'transferred', 'counted'),
              order_id: orNull(id),
              at: stamp,
            }),
          ),
        }),
        400: refusal,
      },
    },
    'POST /api/inventory/{productId}/receive': {
      summary: 'Goods arrived',
      for: 'staff',
      body: input({ warehouse_id: whole, quantity: whole }, ['warehouse_id', 'quantity']),
      answers: {
        201: object({ product_id: id, warehouseId: whole, onHand: whole }),
        400: refusal,
        404: refusal,
      },
    },
    'POST /api/inventory/transfers': {
      summary: 'From one warehouse to another',
      for: 'staff',
      body: input({ product_id: id, from: whole, to: whole, quantity: whole }, [
        'product_id',
        'from',
        'to',
        'quantity',
      ]),
      answers: {
        201: object({ product_id: id, from: whole, to: whole, quantity: whole }),
        400: refusal,
        404: refusal,
        409: refusal,
      },
    },
  },
};
