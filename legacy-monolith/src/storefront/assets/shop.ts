// Products come from /api, where whoever owns the catalog answers: the frame of a page and what it shows may have two owners.
// The storefront's client asks, the one that its contract is written with: a field that it does not promise has no type here.
import {
  type ListedProduct,
  type ShownImage,
  StorefrontClient,
} from '../../../../contracts/consumers/storefront/storefront-client.ts';

const byId = (id: string): HTMLElement | null => document.getElementById(id);
const withText = (id: string, text: string): void => {
  const place = byId(id);
  if (place) place.textContent = text;
};

/** What was asked → which side answered, where a facade tells it. */
const answered = new Map<string, string>();

function showAnswered(): void {
  const banner = byId('answered');
  if (!banner || answered.size === 0) return;
  banner.replaceChildren('Answered by: ');
  for (const [what, side] of answered) {
    const name = document.createElement('b');
    name.className = side;
    name.textContent = side;
    if (banner.childNodes.length > 1) banner.append(' · ');
    banner.append(`${what} `, name);
  }
  banner.hidden = false;
}

function noteAnswer(what: string, response: Response): void {
  const side = response.headers.get('x-strangler-served-by');
  if (side === null) return;
  answered.set(what, side);
  showAnswered();
}

/** The shop that the page came from, asked for `what`. */
const shopFor = (what: string): StorefrontClient =>
  new StorefrontClient(async (path, init) => {
    const response = await fetch(path, init);
    noteAnswer(what, response);
    return response;
  });
const [categories, products, product, pictures] = [
  shopFor('categories'),
  shopFor('products'),
  shopFor('product'),
  shopFor('pictures'),
];

const tell = (text: string): void => withText('told', text);

const make = (tag: string, className: string, text = ''): HTMLElement => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

type Priced = Pick<ListedProduct, 'price' | 'currency'>;
const priceOf = ({ price, currency }: Priced): string => `${price} ${currency ?? 'EUR'}`;

/** The picture, or the name's first letter in its place. */
function fillPicture(place: Element, name: string, [first]: readonly ShownImage[]): void {
  if (!first) {
    place.textContent = name.slice(0, 1);
    place.setAttribute('aria-hidden', 'true');
    return;
  }
  const image = document.createElement('img');
  image.alt = first.alt_text || `Picture of ${name}`;
  image.src = first.url;
  place.replaceChildren(image);
}

function card(listed: ListedProduct): HTMLElement {
  const link = document.createElement('a');
  link.href = `/products/${listed.id}`;
  const picture = make('span', 'picture');
  const words = make('span', 'words');
  words.append(make('span', 'name', listed.name), make('span', 'price', priceOf(listed)));
  // Else the picture's text and the name would be read out one after the other.
  words.id = `product-${listed.id}`;
  link.setAttribute('aria-labelledby', words.id);
  link.append(picture, words);
  const item = document.createElement('li');
  item.append(link);
  const images = pictures.listImages(listed.id);
  images.then((found) => fillPicture(picture, listed.name, found)).catch(() => {});
  return item;
}

function linkTo(
  text: string,
  changes: Readonly<Record<string, string>>,
  current = false,
): HTMLElement {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes))
    if (value === '') query.delete(name);
    else query.set(name, value);
  const link = document.createElement('a');
  link.textContent = text;
  link.href = `/?${query.toString()}`;
  if (current) link.setAttribute('aria-current', 'page');
  return link;
}

async function showCategories(chosen: string): Promise<void> {
  const tree = await categories.categoryTree();
  const link = (name: string, slug: string): HTMLElement =>
    linkTo(name, { category: slug, q: '', page: '' }, chosen === slug);
  byId('categories')?.replaceChildren(
    link('All', ''),
    ...tree.map(({ name, slug }) => link(name, slug)),
  );
}

async function showProducts(list: HTMLElement): Promise<void> {
  const asked = new URLSearchParams(location.search);
  const [q, category] = [asked.get('q') ?? '', asked.get('category') ?? ''];
  const search = byId('q');
  if (search instanceof HTMLInputElement) search.value = q;
  tell('Loading products …');
  showCategories(category).catch(() => {});
  const {
    items,
    total,
    page,
    per_page: size,
  } = await products.listProducts({
    status: 'active',
    per_page: '12',
    page: asked.get('page') ?? '1',
    ...(q ? { q } : { sort: 'sku' }),
    ...(category && { category }),
  });
  if (q) withText('title', `Products for “${q}”`);
  tell(items.length === 0 ? 'Nothing found.' : `${total} products`);
  list.replaceChildren(...items.map(card));
  const pages = byId('pages');
  if (page > 1) pages?.append(linkTo('Previous page', { page: String(page - 1) }));
  if (page * size < total) pages?.append(linkTo('Next page', { page: String(page + 1) }));
}

async function showProduct(article: HTMLElement): Promise<void> {
  tell('Loading the product …');
  const shown = await product.showProduct(article.dataset.product ?? '');
  if (!shown) return tell('There is no such product.');
  document.title = `${shown.name} – The shop`;
  withText('name', shown.name);
  withText('price', priceOf(shown));
  withText('description', shown.description ?? '');
  byId('tags')?.replaceChildren(...shown.tags.map((tag) => make('span', '', tag)));
  const picture = byId('picture');
  if (picture) fillPicture(picture, shown.name, shown.images);
  article.hidden = false;
  tell('');
}

/** The shop announces each step; after a break the browser asks for what it missed. */
function followOrder(place: HTMLElement): void {
  const events = new EventSource(`/orders/${place.dataset.order}/events`);
  events.addEventListener('status', ({ data }: MessageEvent<string>) => {
    const { status } = JSON.parse(data) as { status: string };
    const now = place.querySelector('b');
    if (now) now.textContent = status;
    for (const step of document.querySelectorAll<HTMLElement>('[data-step]'))
      if (step.dataset.step === status) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
  });
}

/** A script cannot see with which headers its own page came: it asks once more, for the headers alone. */
async function nameThePage(): Promise<void> {
  noteAnswer('this page', await fetch(location.href, { method: 'HEAD' }));
}

const failed = (error: unknown): void => {
  console.error(error);
  tell('The catalog does not answer right now. Reload the page in a moment.');
};
const [list, article, order] = [byId('products'), byId('product'), byId('status')];
if (list) await showProducts(list).catch(failed);
if (article) await showProduct(article).catch(failed);
if (order) followOrder(order);
await nameThePage();
