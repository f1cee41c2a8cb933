import express, { Router, type Request, type Response } from 'express';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { HttpError, told } from '../http/http-error.ts';
import { asFields, parseId, wholeNumber } from '../http/input.ts';
import { audit } from '../identity/audit.ts';
import { findByPassword } from '../identity/login.ts';
import { moveOrder, nextStatuses, ORDER_STATUSES } from '../orders/order-status.ts';
import { html, type Html } from '../http/html.ts';
import {
  csrfMatches,
  type Door,
  endSession,
  findSession,
  openSession,
  type Session,
} from '../identity/session.ts';
import { page } from './page.ts';

const door: Door = { cookie: 'shop_session', path: '/admin', staffOnly: true };

const loginForm = (problem?: string): string =>
  page(
    'Log in',
    html`${problem ? html`<p role="alert">${problem}</p>` : html``}
      <form method="post" action="/admin/login">
        <label>Email <input name="email" type="email" /></label>
        <label>Password <input name="password" type="password" /></label> <button>Log in</button>
      </form>`,
  );
const table = (heads: readonly string[], rows: readonly Html[]): Html =>
  html`<table>
    <thead>
      <tr>
        ${heads.map((head) => html`<th>${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;

/** Pages for the staff, with a cookie session, as they were before there was an API. */
export function backOfficeRoutes(db: Db): Router {
  const router = Router();
  router.use('/admin', express.urlencoded({ extended: false, limit: '64kb' }));

  const inside =
    (render: (session: Session, request: Request, response: Response) => Promise<void>) =>
    async (request: Request, response: Response): Promise<void> => {
      const session = await findSession(db, door, request);
      if (!session) return response.redirect(303, '/admin/login');
      if (request.method === 'POST' && !csrfMatches(request, session))
        return void response
          .status(403)
          .send(page('Form expired', html`<p>Go back, reload and try again.</p>`));
      response.set('cache-control', 'no-store');
      try {
        await render(session, request, response);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        response
          .status(error.status)
          .send(page('That did not work', html`<p>${told(error)}</p>`, session.csrf));
      }
    };
  const pageNumber = (request: Request): number =>
    wholeNumber(request.query.page, 1, 100_000, 1) ?? 1;

  router.get('/admin/login', (_request, response) => {
    response.send(loginForm());
  });

  router.post('/admin/login', async (request, response) => {
    const { email, password } = asFields(request.body) ?? {};
    const user = await findByPassword(db, email, password);
    if (!user || user.role === 'customer')
      return void response.status(401).send(loginForm('Email or password is wrong.'));
    await openSession(db, door, response, user.id);
    await audit(db, user.id, 'back-office.login');
    response.redirect(303, '/admin');
  });

  router.post(
    '/admin/logout',
    inside(async (session, _request, response) => {
      await endSession(db, door, response, session);
      response.redirect(303, '/admin/login');
    }),
  );

  router.get(
    '/admin',
    inside(async (session, _request, response) => {
      const { rows } = await sql<{
        status: string;
        count: string;
      }>`SELECT status, count(*) FROM orders GROUP BY status ORDER BY status`.execute(db);
      response.send(
        page(
          'Overview',
          table(
            ['Status', 'Orders'],
            rows.map(
              (row) =>
                html`<tr>
                  <td>${row.status}</td>
                  <td>${row.count}</td>
                </tr>`,
            ),
          ),
          session.csrf,
        ),
      );
    }),
  );

  router.get(
    '/admin/orders',
    inside(async (session, request, response) => {
      const rows = await db
        .selectFrom('orders')
        .innerJoin('users', 'users.id', 'user_id')
        .select(['orders.id', 'email', 'status', 'total'])
        .orderBy('orders.id', 'desc')
        .limit(50)
        .offset((pageNumber(request) - 1) * 50)
        .execute();
      response.send(
        page(
          'Orders',
          table(
            ['Order', 'Customer', 'Status', 'Total'],
            rows.map(
              (row) =>
                html`<tr>
                  <td><a href="/admin/orders/${row.id}">${row.id}</a></td>
                  <td>${row.email}</td>
                  <td>${row.status}</td>
                  <td>${row.total}</td>
                </tr>`,
            ),
          ),
          session.csrf,
        ),
      );
    }),
  );

  router.get(
    '/admin/orders/:id',
    inside(async (session, request, response) => {
      const id = parseId(request.params.id) ?? '0';
      const order = await db
        .selectFrom('orders')
        .select(['id', 'status', 'total', 'note'])
        .where('id', '=', id)
        .executeTakeFirst();
      if (!order) throw new HttpError(404, { message: 'There is no such order.' });
      const items = await db
        .selectFrom('order_items')
        .select(['product_name', 'quantity', 'unit_price'])
        .where('order_id', '=', id)
        .orderBy('line_no')
        .execute();
      const buttons = nextStatuses(order.status).map(
        (status) => html`<button name="status" value="${status}">Mark as ${status}</button>`,
      );
      response.send(
        page(
          `Order ${order.id}`,
          html`<p>Status: <b>${order.status}</b>, total ${order.total}. ${order.note}</p>
            ${table(
              ['Product', 'Quantity', 'Price'],
              items.map(
                (item) =>
                  html`<tr>
                    <td>${item.product_name}</td>
                    <td>${item.quantity}</td>
                    <td>${item.unit_price}</td>
                  </tr>`,
              ),
            )}
            <form method="post" action="/admin/orders/${order.id}/status">
              <input type="hidden" name="csrf" value="${session.csrf}" />${buttons}
            </form>`,
          session.csrf,
        ),
      );
    }),
  );

  router.post(
    '/admin/orders/:id/status',
    inside(async (session, request, response) => {
      const id = parseId(request.params.id) ?? '0';
      const status = ORDER_STATUSES.find((known) => known === asFields(request.body)?.status);
      if (!status) throw new HttpError(400, { message: 'This status is unknown.' });
      await db.transaction().execute(async (transaction) => {
        await moveOrder(transaction, id, status, { actorId: session.userId });
        await audit(transaction, session.userId, 'order.status', {
          subject: id,
          details: { status },
        });
      });
      response.redirect(303, `/admin/orders/${id}`);
    }),
  );

  router.get(
    '/admin/products',
    inside(async (session, request, response) => {
      const { rows } = await sql<{
        id: string;
        sku: string;
        name: string;
        price: string;
        status: string;
        stock: string | null;
      }>`
      SELECT id, sku, name, price, status, (SELECT sum(on_hand) FROM stock_levels WHERE product_id = products.id) AS stock
      FROM products WHERE deleted_at IS NULL ORDER BY id LIMIT 50 OFFSET ${(pageNumber(request) - 1) * 50}`.execute(
        db,
      );
      response.send(
        page(
          'Products',
          table(
            ['SKU', 'Name', 'Price', 'Status', 'Stock'],
            rows.map(
              (row) =>
                html`<tr>
                  <td>${row.sku}</td>
                  <td>${row.name}</td>
                  <td>${row.price}</td>
                  <td>${row.status}</td>
                  <td>${row.stock ?? '–'}</td>
                </tr>`,
            ),
          ),
          session.csrf,
        ),
      );
    }),
  );

  router.get(
    '/admin/users',
    inside(async (session, request, response) => {
      const rows = await db
        .selectFrom('users')
        .select(['id', 'email', 'full_name', 'role'])
        .where('deleted_at', 'is', null)
        .orderBy('id')
        .limit(50)
        .offset((pageNumber(request) - 1) * 50)
        .execute();
      response.send(
        page(
          'Customers',
          table(
            ['Email', 'Name', 'Role'],
            rows.map(
              (row) =>
                html`<tr>
                  <td>${row.email}</td>
                  <td>${row.full_name}</td>
                  <td>${row.role}</td>
                </tr>`,
            ),
          ),
          session.csrf,
        ),
      );
    }),
  );

  return router;
}
