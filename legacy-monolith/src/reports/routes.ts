import { pipeline } from 'node:stream/promises';
import { Router } from 'express';
import { sql } from 'kysely';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';
import { isDate } from '../http/input.ts';
import { mustBeStaff } from '../identity/authenticate.ts';

const dateOr = (value: unknown, fallback: string): string => {
  if (value === undefined) return fallback;
  if (!isDate(value)) throw new HttpError(400, { error: 'from and to are dates like 2024-02-29' });
  return value;
};

export function reportRoutes(db: Db, pool: pg.Pool): Router {
  const router = Router();

  // Catalog, orders, payments, inventory and identity in one statement: the reason why nobody dared to split the database.
  router.get('/api/reports/sales', async (request, response) => {
    mustBeStaff(request);
    const [from, to] = [dateOr(request.query.from, '2000-01-01'), dateOr(request.query.to, '2100-01-01')];
    const { rows } = await sql`
      WITH RECURSIVE top AS (
        SELECT id, id AS root, name AS category FROM categories WHERE parent_id IS NULL
        UNION ALL
        SELECT child.id, top.root, top.category FROM categories child JOIN top ON child.parent_id = top.id
      ), sold AS (
        SELECT item.product_id, orders.id AS order_id, users.role, item.quantity, item.quantity * item.unit_price AS revenue,
          EXISTS (SELECT FROM payments WHERE payments.order_id = orders.id AND state = 'captured') AS paid
        FROM order_items item
        JOIN orders ON orders.id = item.order_id JOIN users ON users.id = orders.user_id
        WHERE orders.placed_at >= ${from}::date AND orders.placed_at < ${to}::date AND orders.status <> 'cancelled'
      ), stock AS (
        SELECT product_id, sum(on_hand) AS on_hand FROM stock_levels GROUP BY product_id
      ), membership AS (
        SELECT DISTINCT product_id, root, category FROM product_categories JOIN top ON top.id = category_id
      )
      SELECT category, count(DISTINCT sold.order_id)::integer AS orders, coalesce(sum(sold.quantity), 0)::integer AS units,
        coalesce(sum(sold.revenue), 0)::numeric(16,2) AS revenue,
          coalesce(sum(sold.revenue) FILTER (WHERE paid), 0)::numeric(16,2) AS "paidRevenue",
        (SELECT coalesce(sum(on_hand), 0)::integer FROM stock JOIN membership inside USING (product_id)
          WHERE inside.root = membership.root) AS stock_on_hand
      FROM membership JOIN sold USING (product_id)
      GROUP BY root, category ORDER BY revenue DESC, category`.execute(db);
    response.json({ from, to, rows });
  });

  router.get('/api/exports/orders.csv', async (request, response) => {
    mustBeStaff(request);
    const [from, to] = [dateOr(request.query.from, '2000-01-01'), dateOr(request.query.to, '2100-01-01')];
    const client = await pool.connect();
    let failure: Error | undefined;
    try {
      // COPY takes no parameters; both dates are digits and dashes by now.
      const rows = client.query(copyTo(`COPY (
        SELECT orders.id, order_number, users.email, status, currency, subtotal, shipping_fee, total,
          to_char(placed_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS placed_at
        FROM orders JOIN users ON users.id = user_id
        WHERE placed_at >= ${client.escapeLiteral(from)} AND placed_at < ${client.escapeLiteral(to)} ORDER BY orders.id
      ) TO STDOUT WITH (FORMAT csv, HEADER)`));
      response.set('content-disposition', 'attachment; filename="orders.csv"').type('text/csv');
      await pipeline(rows, response);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    } finally {
      // A connection in the middle of a COPY is of no use to the next one.
      client.release(failure);
    }
  });

  return router;
}
