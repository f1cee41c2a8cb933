import {
  flag,
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
  whole,
  type ModuleDocument,
} from '../http/openapi.ts';

const refusal = ref('ShippingError');
const level = oneOf('standard', 'express', 'overnight');

export const shippingDocument: ModuleDocument = {
  module: 'shipping',
  schemas: { ShippingError: object({ code: text, message: text }) },
  paths: {
    'POST /shipping/quotes': {
      summary: 'What a parcel costs',
      body: input({ weight_grams: whole, country: text, service_level: level, subtotal: text }, [
        'weight_grams',
        'country',
      ]),
      answers: {
        200: object({
          zone: oneOf('domestic', 'eu', 'world'),
          service_level: level,
          amount: money,
          currency: text,
          free_shipping: flag,
          deliveryDays: object({ min: whole, max: whole }),
        }),
        400: refusal,
      },
    },
    'GET /shipping/carriers': {
      summary: 'Who carries',
      answers: {
        200: object({
          carriers: list(
            object({ id: whole, code: text, name: text, service_levels: list(level) }),
          ),
        }),
      },
    },
    'GET /shipping/track/{trackingNumber}': {
      summary: 'Where a parcel is',
      answers: {
        200: object({
          tracking_number: text,
          carrier: text,
          status: text,
          shipped_at: stamp,
          delivered_at: orNull(stamp),
        }),
        404: refusal,
      },
    },
    'POST /api/orders/{id}/shipments': {
      summary: 'Hand an order to a carrier',
      for: 'staff',
      body: input({ carrier: text, trackingNumber: text }, ['carrier', 'trackingNumber']),
      answers: {
        201: object({ id, orderId: id, tracking_number: text, shippedAt: stamp }),
        400: refusal,
        404: refusal,
        409: refusal,
      },
    },
  },
};
