import { html, type Html } from '../http/html.ts';

export const page = (title: string, body: Html, csrf?: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} – back office</title>
      </head>
      <body>
        ${
          csrf === undefined
            ? html``
            : html`<nav>
                <a href="/admin">Overview</a> <a href="/admin/orders">Orders</a>
                <a href="/admin/products">Products</a> <a href="/admin/users">Customers</a>
                <form method="post" action="/admin/logout">
                  <input type="hidden" name="csrf" value="${csrf}" /><button>Log out</button>
                </form>
              </nav>`
        }
        <h1>${title}</h1>
        ${body}
      </body>
    </html> `.text;
