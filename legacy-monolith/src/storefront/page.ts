import { html, type Html } from '../http/html.ts';
import type { Session } from '../identity/session.ts';
import type { Answered } from './ask-shop.ts';

/** Whose page it is, and what the line on top tells them. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly inCart: number;
  /** Who answered what the page shows, as far as a facade told it. */
  readonly answered?: Answered;
  readonly searched?: string;
}

export const hidden = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}" />`;

const account = ({ session }: Visitor): Html =>
  session
    ? html`<a href="/orders">Orders</a>
        <form method="post" action="/logout">
          ${hidden('csrf', session.csrf)}<button class="quiet">Log out</button>
        </form>`
    : html`<a href="/login">Log in</a>`;

const sideNames = (sides: ReadonlySet<string>): Html =>
  [...sides]
    .map((side) => html`<b class="${side}">${side}</b>`)
    .reduce((before, name) => html`${before} and ${name}`);

/** Empty and hidden unless a facade says in a header who answered; the page's script adds who sent the page. */
const answeredBanner = (answered: Answered = new Map()): Html => {
  const told = [...answered].filter(([, sides]) => sides.size > 0);
  if (told.length === 0)
    return html`<aside id="answered" role="status" aria-label="Who answered" hidden></aside>`;
  const parts = told
    .map(([what, sides]) => html`${what} ${sideNames(sides)}`)
    .reduce((before, part) => html`${before} · ${part}`);
  return html`<aside id="answered" role="status" aria-label="Who answered">
    Answered by: ${parts}
  </aside>`;
};

/** The frame of every page. */
export const page = (title: string, body: Html, visitor: Visitor): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – The shop</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/shop.css" />
        <script type="module" src="/assets/shop.js"></script>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        ${answeredBanner(visitor.answered)}
        <header>
          <a class="brand" href="/">The shop</a>
          <form role="search" action="/" method="get">
            <label for="q" class="unseen">Search for products</label>
            <input
              id="q"
              name="q"
              type="search"
              placeholder="Search"
              maxlength="200"
              value="${visitor.searched ?? null}"
            />
            <button>Search</button>
          </form>
          <nav aria-label="Yours">
            <a href="/cart">Cart (${visitor.inCart})</a> ${account(visitor)}
          </nav>
        </header>
        <main id="content" tabindex="-1">${body}</main>
        <footer>
          An example: nothing here is for sale. <a href="/admin">Back office</a>
          <a href="/openapi.json">API</a>
        </footer>
      </body>
    </html> `.text;

/** Instead of a page that cannot be shown. */
export const problemPage = (title: string, said: string, visitor: Visitor): string =>
  page(
    title,
    html`<h1>${title}</h1>
      <p role="alert">${said}</p>
      <p><a href="/">Back to the shop</a></p>`,
    visitor,
  );
