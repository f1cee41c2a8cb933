import { html, type Html } from '../http/html.ts';
import type { Offer, Shelf, Wish } from './catalog-reads.ts';
import type { ListedProduct, ShownImage, ShownProduct } from './client.ts';
import { hidden, page, type Visitor } from './page.ts';

// What is shown comes from /api: whoever owns the catalog answers there, also when that is no longer this process.

const priceOf = ({ price, currency }: Pick<ListedProduct, 'price' | 'currency'>): string =>
  `${price} ${currency ?? 'EUR'}`;

/** The first picture, or the name's first letter in its place. */
const pictureOf = (name: string, [first]: readonly ShownImage[]): Html =>
  first
    ? html`<img src="${first.url}" alt="${first.alt_text || `Picture of ${name}`}" />`
    : html`<span aria-hidden="true">${name.slice(0, 1)}</span>`;

/** Named by its words alone: else the picture's text and the name would be read out one after the other. */
const card = (offer: Offer): Html =>
  html`<li>
    <a href="/products/${offer.id}" aria-labelledby="product-${offer.id}">
      <span class="picture">${pictureOf(offer.name, offer.images)}</span>
      <span class="words" id="product-${offer.id}">
        <span class="name">${offer.name}</span>
        <span class="price">${priceOf(offer)}</span>
      </span>
    </a>
  </li>`;

const linkTo = (text: string, wish: Wish, current = false): Html => {
  const asked = Object.entries(wish).filter(([, value]) => value !== '');
  const address = `/?${new URLSearchParams(asked).toString()}`;
  return current
    ? html`<a href="${address}" aria-current="page">${text}</a>`
    : html`<a href="${address}">${text}</a>`;
};

/** All products, or those of a category or a search. */
export const listPage = (shelf: Shelf, wish: Wish, visitor: Visitor): string => {
  const { offers, categories, total, page: at, size } = shelf;
  const link = (name: string, slug: string): Html =>
    linkTo(name, { q: '', category: slug, page: '' }, wish.category === slug);
  const turn = (text: string, to: number): Html => linkTo(text, { ...wish, page: String(to) });
  return page(
    'Products',
    html`<h1 id="title">${wish.q ? `Products for “${wish.q}”` : 'Products'}</h1>
      <nav id="categories" aria-label="Categories">
        ${link('All', '')} ${categories.map(({ name, slug }) => link(name, slug))}
      </nav>
      <p id="told" role="status">${offers.length === 0 ? 'Nothing found.' : `${total} products`}</p>
      <ul id="products" class="grid" aria-labelledby="title">
        ${offers.map(card)}
      </ul>
      <nav id="pages" aria-label="Pages">
        ${at > 1 ? turn('Previous page', at - 1) : null}
        ${at * size < total ? turn('Next page', at + 1) : null}
      </nav>`,
    { ...visitor, searched: wish.q },
  );
};

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

export const productPage = (product: ShownProduct, visitor: Visitor): string =>
  page(
    product.name,
    html`<article id="product">
      <div class="picture" id="picture">${pictureOf(product.name, product.images)}</div>
      <div>
        <h1 id="name">${product.name}</h1>
        <p class="price" id="price">${priceOf(product)}</p>
        <p id="description">${product.description}</p>
        <p class="tags" id="tags">${product.tags.map((tag) => html`<span>${tag}</span>`)}</p>
        ${buy(product.id, visitor)}
      </div>
    </article>`,
    visitor,
  );
