import { html, type Html } from '../http/html.ts';
import type { Session } from '../identity/session.ts';

/** Whose page it is, and what the line on top tells them. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly inCart: number;
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

/** The frame of every page. Who answered is told in it, when a facade says so in a header. */
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
        <aside id="answered" role="status" aria-label="Who answered" hidden></aside>
        <header>
          <a class="brand" href="/">The shop</a>
          <form role="search" action="/" method="get">
            <label for="q" class="unseen">Search for products</label>
            <input id="q" name="q" type="search" placeholder="Search" maxlength="200" />
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
