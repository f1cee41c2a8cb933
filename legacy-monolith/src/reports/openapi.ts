import { day, list, money, object, text, whole, type ModuleDocument } from '../http/openapi.ts';

const refusal = object({ error: text });

export const reportsDocument: ModuleDocument = {
  module: 'reports',
  paths: {
    'GET /api/reports/sales': {
      summary: 'Sales by top category', for: 'staff', query: { from: day, to: day },
      answers: {
        200: object({
          from: day,
          to: day,
          rows: list(
            object({
              category: text,
              orders: whole,
              units: whole,
              revenue: money,
              paidRevenue: money,
              stock_on_hand: whole,
            }),
          ),
        }),
        400: refusal,
      },
    },
    'GET /api/exports/orders.csv': {
      summary: 'All orders as CSV',
      for: 'staff',
      query: { from: day, to: day },
      answers: { 200: { content: 'text/csv' }, 400: refusal },
    },
  },
};
