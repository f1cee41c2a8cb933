import express, { Router, type Request, type Response } from 'express';
import type { Db } from '../db/database.ts';
import type { LiveFeed } from '../db/live-feed.ts';
import type { ErrorLog } from '../http/error-handler.ts';
import { HttpError, told } from '../http/http-error.ts';
import { asFields } from '../http/input.ts';
import { audit } from '../identity/audit.ts';
import { findByPassword } from '../identity/login.ts';
import {
  csrfMatches,
  type Door,
  endSession,
  findSession,
  openSession,
  type Session,
} from '../identity/session.ts';
import { cartLinesOf, putIntoCart, takeOutOfCart } from '../orders/cart.ts';
import { placeOrder, readOrderRequest } from '../orders/place-order.ts';
import { streamOrderStatus } from '../orders/status-feed.ts';
import { assetRoutes } from './assets.ts';
import type { PagesOptions } from './ask-shop.ts';
import { catalogViews } from './catalog-views.ts';
import { cartPage, loginPage, orderPage, ordersPage } from './order-pages.ts';
import { inCart, orderOf, ordersOf } from './orders-of.ts';
import { problemPage, type Visitor } from './page.ts';

const door: Door = { cookie: 'sid', path: '/', staffOnly: false };
const policy = "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/** A place in this shop to go on at, or its front page: never another site. */
const placeIn = (next: unknown): string =>
  typeof next === 'string' && /^\/[\w/-]*$/.test(next) && !next.startsWith('//') ? next : '/';

type Shown = (visitor: Visitor, request: Request, response: Response) => Promise<void> | void;
type Own = (
  session: Session,
  visitor: Visitor,
  at: { request: Request; response: Response },
) => Promise<void>;

interface StorefrontOptions {
  readonly db: Db;
  readonly live: LiveFeed;
  readonly log: ErrorLog;
  readonly pages: PagesOptions;
}

/** The pages that customers see. Their products come from the catalog's API, whoever answers there. */
export function storefrontRoutes({ db, live, log, pages }: StorefrontOptions): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: '64kb' });

  /** For everybody. */
  const open =
    (show: Shown) =>
    async (request: Request, response: Response): Promise<void> => {
      const session = await findSession(db, door, request);
      const visitor = { session, inCart: session ? await inCart(db, session.userId) : 0 };
      response.set({ 'cache-control': 'no-store', 'content-security-policy': policy });
      try {
        await show(visitor, request, response);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        response.status(error.status).send(problemPage('That did not work', told(error), visitor));
      }
    };
  /** For who is logged in; the others are asked to, and come back to where they can go on. */
  const own = (show: Own) =>
    open(async (visitor, request, response) => {
      const { session } = visitor;
      if (!session) {
        const back = request.method === 'GET' ? request.path : '/';
        return response.redirect(303, `/login?next=${encodeURIComponent(back)}`);
      }
      if (request.method === 'POST' && !csrfMatches(request, session)) {
        const said = 'Go back, reload the page and try again.';
        return void response.status(403).send(problemPage('Form expired', said, visitor));
      }
      await show(session, visitor, { request, response });
    });

  router.use(assetRoutes());
  const { list, product } = catalogViews(pages, log);
  router.get('/', open(list));
  router.get('/products/:id', open(product));

  router.get(
    '/login',
    open(
      (visitor, { query }, response) => void response.send(loginPage(placeIn(query.next), visitor)),
    ),
  );
  router.post(
    '/login',
    form,
    open(async (visitor, request, response) => {
      const { email, password, next } = asFields(request.body) ?? {};
      const user = await findByPassword(db, email, password);
      if (!user)
        return void response
          .status(401)
          .send(loginPage(placeIn(next), visitor, 'Email or password is wrong.'));
      await openSession(db, door, response, user.id);
      await audit(db, user.id, 'storefront.login');
      response.redirect(303, placeIn(next));
    }),
  );
  router.post(
    '/logout',
    form,
    own(async (session, _visitor, { response }) => {
      await endSession(db, door, response, session);
      response.redirect(303, '/');
    }),
  );

  router.get(
    '/cart',
    own(async ({ userId, csrf }, visitor, { response }) => {
      response.send(cartPage(await cartLinesOf(db, userId), csrf, visitor));
    }),
  );
  router.post(
    '/cart',
    form,
    own(async ({ userId }, _visitor, { request, response }) => {
      const { product_id: productId, quantity } = asFields(request.body) ?? {};
      await putIntoCart(db, userId, { productId, quantity: Number(quantity) });
      response.redirect(303, '/cart');
    }),
  );
  router.post(
    '/cart/remove',
    form,
    own(async ({ userId }, _visitor, { request, response }) => {
      await takeOutOfCart(db, userId, asFields(request.body)?.product_id);
      response.redirect(303, '/cart');
    }),
  );

  router.get(
    '/orders',
    own(async ({ userId }, visitor, { response }) => {
      response.send(ordersPage(await ordersOf(db, userId), visitor));
    }),
  );
  router.post(
    '/orders',
    form,
    own(async ({ userId }, _visitor, { response }) => {
      response.redirect(303, `/orders/${await placeOrder(db, userId, readOrderRequest({}))}`);
    }),
  );
  router.get(
    '/orders/:id',
    own(async ({ userId }, visitor, { request, response }) => {
      response.send(orderPage(await orderOf(db, userId, request.params.id), visitor));
    }),
  );
  router.get(
    '/orders/:id/events',
    own(async ({ userId }, _visitor, { request, response }) => {
      const { id } = await orderOf(db, userId, request.params.id);
      await streamOrderStatus({ db, live, request, response, orderId: id });
    }),
  );

  return router;
}
