export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

type Part = string | number | null | Html | readonly Html[];
const render = (part: Part): string =>
  part instanceof Html
    ? part.text
    : typeof part === 'object' && part !== null
      ? part.map((item) => item.text).join('')
      : escape(String(part ?? ''));

/** Everything that is put in is escaped, unless it is Html itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, piece, index) => text + render(parts[index - 1] ?? '') + piece));

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
