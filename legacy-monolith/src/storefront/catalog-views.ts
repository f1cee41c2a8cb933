import type { Request, Response } from 'express';
import type { ErrorLog } from '../http/error-handler.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { parseId } from '../http/input.ts';
import { type PagesOptions, type ShopCalls, shopCalls, statusOfFailure } from './ask-shop.ts';
import { listPage, productPage } from './catalog-pages.ts';
import { readProduct, readShelf, wishOf } from './catalog-reads.ts';
import { problemPage, type Visitor } from './page.ts';

type View = (visitor: Visitor, request: Request, response: Response) => Promise<void>;

const said = (status: number): string =>
  status < 500
    ? 'The catalog cannot answer that. Go back to the shop and try another way.'
    : 'The catalog does not answer right now. Reload the page in a moment.';

/** The pages of the catalog: rendered here, of what the shop's own API answers to the visitor. */
export function catalogViews(
  options: PagesOptions,
  log: ErrorLog,
): { readonly list: View; readonly product: View } {
  /** A catalog that fails gives a page that says so, never half a page and never this server's own error. */
  const asking =
    (show: (shop: ShopCalls, visitor: Visitor, request: Request) => Promise<string>): View =>
    async (visitor, request, response) => {
      const shop = shopCalls({ request, response }, visitor.session, options);
      const knowing = { ...visitor, answered: shop.answered };
      try {
        response.send(await show(shop, knowing, request));
      } catch (error) {
        if (error instanceof HttpError || response.destroyed) throw error;
        const status = statusOfFailure(error);
        if (status >= 500)
          log({
            msg: 'the catalog did not answer a page',
            method: request.method,
            path: request.path,
            error: String(error),
            code: sqlState(error instanceof Error ? error.cause : undefined),
          });
        if (status === 503) response.set('retry-after', '1');
        response.status(status).send(problemPage('Products', said(status), knowing));
      }
    };
  return {
    list: asking(async (shop, visitor, { query, method }) => {
      const wish = wishOf(query);
      return listPage(await readShelf(shop, wish, method !== 'HEAD'), wish, visitor);
    }),
    product: asking(async (shop, visitor, { params }) => {
      const id = parseId(params.id);
      const product = id === undefined ? undefined : await readProduct(shop, id);
      if (!product) throw new HttpError(404, { message: 'There is no such product.' });
      return productPage(product, visitor);
    }),
  };
}
