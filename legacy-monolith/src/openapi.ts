import { backOfficeDocument } from './back-office/openapi.ts';
import { catalogDocument } from './catalog/openapi.ts';
import { anyObject, object, openApiDocument, text } from './http/openapi.ts';
import { identityDocument } from './identity/openapi.ts';
import { inventoryDocument } from './inventory/openapi.ts';
import { notificationsDocument } from './notifications/openapi.ts';
import { ordersDocument } from './orders/openapi.ts';
import { paymentsDocument } from './payments/openapi.ts';
import { reportsDocument } from './reports/openapi.ts';
import { shippingDocument } from './shipping/openapi.ts';
import { storefrontDocument } from './storefront/openapi.ts';

const metaDocument = {
  module: 'meta',
  paths: {
    'GET /openapi.json': { summary: 'This document', answers: { 200: anyObject } },
    'GET /version': {
      summary: 'Which build runs',
      answers: { 200: object({ revision: text }) },
    },
    'GET /health': {
      summary: 'Does it live',
      answers: { 200: object({ status: text }), 503: object({ status: text }) },
    },
  },
};

export const openApi = openApiDocument([
  identityDocument,
  catalogDocument,
  inventoryDocument,
  ordersDocument,
  paymentsDocument,
  shippingDocument,
  notificationsDocument,
  reportsDocument,
  backOfficeDocument,
  storefrontDocument,
  metaDocument,
]);
