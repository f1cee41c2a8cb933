import { html, type Html } from '../http/html.ts';
import { hidden, page, type Visitor } from './page.ts';

// The frame comes from here, products from /api: whoever owns the catalog answers there, also when that is no longer this process.
const needsScript = html`<noscript>
  <p role="alert">Products are fetched from the catalog's own address; that needs JavaScript.</p>
</noscript>`;

/** All products, or those of a category or a search: what is asked for stands in the page's address. */
export const listPage = (visitor: Visitor): string =>
  page(
    'Products',
    html`<h1 id="title">Products</h1>
      <nav id="categories" aria-label="Categories"></nav>
      ${needsScript}
      <p id="told" role="status"></p>
      <ul id="products" class="grid" aria-labelledby="title"></ul>
      <nav id="pages" aria-label="Pages"></nav>`,
    visitor,
  );

const buy = (id: string, { session }: Visitor): Html =>
  session
    ? html`<form method="post" action="/cart" class="buy">
        ${hidden('csrf', session.csrf)}${hidden('product_id', id)}
        <label for="quantity">Quantity</label>
        <input id="quantity" name="quantity" type="number" min="1" max="999" value="1" required />
        <button>Add to cart</button>
      </form>`
    : html`<p class="buy">
        <a class="button" href="/login?next=/products/${id}">Log in to buy</a>
      </p>`;

export const productPage = (id: string, visitor: Visitor): string =>
  page(
    'Product',
    html`<p id="told" role="status"></p>
      ${needsScript}
      <article id="product" data-product="${id}" hidden>
        <div class="picture" id="picture"></div>
        <div>
          <h1 id="name"></h1>
          <p class="price" id="price"></p>
          <p id="description"></p>
          <p class="tags" id="tags"></p>
          ${buy(id, visitor)}
        </div>
      </article>`,
    visitor,
  );
