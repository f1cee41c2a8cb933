// Products come from /api, where whoever owns the catalog answers: the frame of a page and what it shows may have two owners.
// Only fields that the storefront's contract promises are used.

const byId = (id) => document.getElementById(id);

/** What was asked → which side answered, where a facade tells it. */
const answered = new Map();

function showAnswered() {
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

function noteAnswer(what, response) {
  const side = response.headers.get('x-strangler-served-by');
  if (side === null) return;
  answered.set(what, side);
  showAnswered();
}

/** The parsed answer; undefined for what is not there. */
async function ask(what, path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  noteAnswer(what, response);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

const tell = (text) => {
  const told = byId('told');
  if (told) told.textContent = text;
};

const make = (tag, className, text = '') => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

const priceOf = ({ price, currency }) => `${price} ${currency ?? 'EUR'}`;

/** The picture, or the name's first letter in its place. */
function fillPicture(place, { name }, images) {
  const [first] = images;
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

function card(product) {
  const link = document.createElement('a');
  link.href = `/products/${product.id}`;
  const picture = make('span', 'picture');
  const words = make('span', 'words');
  words.append(make('span', 'name', product.name), make('span', 'price', priceOf(product)));
  // Else the picture's text and the name would be read out one after the other.
  words.id = `product-${product.id}`;
  link.setAttribute('aria-labelledby', words.id);
  link.append(picture, words);
  const item = document.createElement('li');
  item.append(link);
  const images = ask('pictures', `/api/products/${product.id}/images`);
  images.then((found) => fillPicture(picture, product, found ?? [])).catch(() => {});
  return item;
}

function linkTo(text, changes, current = false) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes))
    if (value === '') query.delete(name);
    else query.set(name, value);
  const link = make('a', '', text);
  link.href = `/?${query}`;
  if (current) link.setAttribute('aria-current', 'page');
  return link;
}

async function showCategories(chosen) {
  const tree = (await ask('categories', '/api/categories')) ?? [];
  const link = (name, slug) => linkTo(name, { category: slug, q: '', page: '' }, chosen === slug);
  byId('categories').replaceChildren(
    link('All', ''),
    ...tree.map(({ name, slug }) => link(name, slug)),
  );
}

async function showProducts() {
  const asked = new URLSearchParams(location.search);
  const [q, category] = [asked.get('q') ?? '', asked.get('category') ?? ''];
  const query = new URLSearchParams({
    status: 'active',
    per_page: '12',
    page: asked.get('page') ?? '1',
  });
  if (q) query.set('q', q);
  else query.set('sort', 'sku');
  if (category) query.set('category', category);
  byId('q').value = q;
  tell('Loading products …');
  showCategories(category).catch(() => {});
  const { items, total, page, per_page: size } = await ask('products', `/api/products?${query}`);
  if (q) byId('title').textContent = `Products for “${q}”`;
  tell(items.length === 0 ? 'Nothing found.' : `${total} products`);
  byId('products').replaceChildren(...items.map(card));
  const pages = byId('pages');
  if (page > 1) pages.append(linkTo('Previous page', { page: String(page - 1) }));
  if (page * size < total) pages.append(linkTo('Next page', { page: String(page + 1) }));
}

async function showProduct(article) {
  tell('Loading the product …');
  const product = await ask('product', `/api/products/${article.dataset.product}`);
  if (!product) return tell('There is no such product.');
  document.title = `${product.name} – The shop`;
  byId('name').textContent = product.name;
  byId('price').textContent = priceOf(product);
  byId('description').textContent = product.description ?? '';
  byId('tags').replaceChildren(...product.tags.map((tag) => make('span', '', tag)));
  fillPicture(byId('picture'), product, product.images);
  article.hidden = false;
  tell('');
}

/** The shop announces each step; after a break the browser asks for what it missed. */
function followOrder(place) {
  const events = new EventSource(`/orders/${place.dataset.order}/events`);
  events.addEventListener('status', ({ data }) => {
    const { status } = JSON.parse(data);
    place.querySelector('b').textContent = status;
    for (const step of document.querySelectorAll('[data-step]'))
      if (step.dataset.step === status) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
  });
}

/** A script cannot see with which headers its own page came: it asks once more, for the headers alone. */
async function nameThePage() {
  noteAnswer('this page', await fetch(location.href, { method: 'HEAD' }));
}

const failed = (error) => {
  console.error(error);
  tell('The catalog does not answer right now. Reload the page in a moment.');
};
const [products, product, order] = [byId('products'), byId('product'), byId('status')];
if (products) await showProducts().catch(failed);
if (product) await showProduct(product).catch(failed);
if (order) followOrder(order);
await nameThePage();
