import {
  anyObject,
  day,
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

const refusal = ref('PaymentError');
const refund = { refund_no: whole, amount: money, reason: orNull(text), created_at: stamp };

export const paymentsDocument: ModuleDocument = {
  module: 'payments',
  schemas: {
    PaymentError: object({ error: object({ type: text, detail: text }) }),
    PaymentMethod: object({
      id: whole,
      kind: oneOf('card', 'sepa', 'invoice'),
      label: text,
      expires_on: orNull(day),
    }),
  },
  paths: {
    'GET /api/payment-methods': {
      summary: 'How I pay',
      for: 'user',
      answers: { 200: object({ methods: list(ref('PaymentMethod')) }) },
    },
    'POST /api/payment-methods': {
      summary: 'A new way to pay',
      for: 'user',
      body: input({ kind: text, label: text, token: text, expires_on: orNull(day) }, [
        'kind',
        'label',
        'token',
      ]),
      answers: { 201: ref('PaymentMethod'), 422: refusal },
    },
    'DELETE /api/payment-methods/{id}': {
      summary: 'Remove a way to pay',
      for: 'user',
      answers: { 204: null, 404: refusal },
    },
    'GET /api/payments/{id}': {
      summary: 'One payment',
      for: 'user',
      answers: {
        200: object({
          id: uuid,
          orderId: id,
          amount: money,
          state: oneOf('authorized', 'captured', 'failed', 'refunded'),
          provider_payload: orNull(anyObject),
          createdAt: stamp,
          refunds: list(object(refund)),
        }),
        404: refusal,
      },
    },
    'POST /api/payments/{id}/refunds': {
      summary: 'Give money back',
      for: 'staff',
      body: input({ amount: text, reason: text }),
      answers: { 201: object(refund), 404: refusal, 409: refusal, 422: refusal },
    },
  },
};
