import type { OrderStatus } from '../db/schema.ts';
import { html, type Html } from '../http/html.ts';
import { hidden, page, type Visitor } from './page.ts';

interface CartLine {
  readonly product_id: string;
  readonly name: string;
  readonly quantity: number;
  readonly price: string;
  readonly lineTotal: string;
  readonly currency: string;
}

const cartRow = (line: CartLine, csrf: string): Html =>
  html`<tr>
    <th scope="row"><a href="/products/${line.product_id}">${line.name}</a></th>
    <td class="number">${line.price} ${line.currency}</td>
    <td>
      <form method="post" action="/cart" class="line">
        ${hidden('csrf', csrf)}${hidden('product_id', line.product_id)}
        <label class="unseen" for="q${line.product_id}">Quantity of ${line.name}</label>
        <input
          id="q${line.product_id}"
          name="quantity"
          type="number"
          min="1"
          max="999"
          value="${line.quantity}"
          required
        />
        <button class="quiet">Change</button>
      </form>
    </td>
    <td class="number">${line.lineTotal} ${line.currency}</td>
    <td>
      <form method="post" action="/cart/remove">
        ${hidden('csrf', csrf)}${hidden('product_id', line.product_id)}
        <button class="quiet" aria-label="Remove ${line.name}">Remove</button>
      </form>
    </td>
  </tr>`;

const table = (heads: readonly string[], rows: readonly Html[], foot = html``): Html =>
  html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
      ${foot}
    </table>
  </div>`;

/** The sum of each currency: a cart may hold several, an order may not. */
function totalsOf(lines: readonly CartLine[]): string {
  const cents = new Map<string, bigint>();
  for (const { lineTotal, currency } of lines)
    cents.set(currency, (cents.get(currency) ?? 0n) + BigInt(lineTotal.replace('.', '')));
  return [...cents]
    .map(([currency, sum]) => `${sum / 100n}.${String(sum % 100n).padStart(2, '0')} ${currency}`)
    .join(' and ');
}

export const cartPage = (items: readonly CartLine[], csrf: string, visitor: Visitor): string =>
  page(
    'Cart',
    items.length === 0
      ? html`<h1>Cart</h1>
          <p>Nothing in it yet. <a href="/">See the products</a></p>`
      : html`<h1>Cart</h1>
          ${table(
            ['Product', 'Price', 'Quantity', 'Sum', ''],
            items.map((line) => cartRow(line, csrf)),
            html`<tfoot>
              <tr>
                <th scope="row" colspan="3">Total, without shipping</th>
                <td class="number">${totalsOf(items)}</td>
                <td></td>
              </tr>
            </tfoot>`,
          )}
          <form method="post" action="/orders">
            ${hidden('csrf', csrf)}<button>Order</button>
          </form>`,
    visitor,
  );

interface ListedOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly total: string;
  readonly currency: string;
  readonly placed_at: Date;
}

export const ordersPage = (orders: readonly ListedOrder[], visitor: Visitor): string =>
  page(
    'Orders',
    html`<h1>Your orders</h1>
      ${
        orders.length === 0
          ? html`<p>None yet. <a href="/">See the products</a></p>`
          : table(
              ['Order', 'Placed', 'Status', 'Total'],
              orders.map(
                (order) =>
                  html`<tr>
                    <th scope="row"><a href="/orders/${order.id}">${order.id}</a></th>
                    <td>${order.placed_at.toISOString().slice(0, 10)}</td>
                    <td>${order.status}</td>
                    <td class="number">${order.total} ${order.currency}</td>
                  </tr>`,
              ),
            )
      }`,
    visitor,
  );

interface ShownOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly total: string;
  readonly shipping_fee: string;
  readonly currency: string;
  readonly items: readonly {
    readonly product_id: string;
    readonly product_name: string;
    readonly quantity: number;
    readonly unit_price: string;
  }[];
}

const way: readonly OrderStatus[] = ['placed', 'paid', 'packed', 'shipped', 'delivered'];

/** The page's script moves the mark on when the shop announces it. */
export const orderPage = (order: ShownOrder, visitor: Visitor): string =>
  page(
    `Order ${order.id}`,
    html`<h1>Order ${order.id}</h1>
      <p id="status" role="status" data-order="${order.id}">Status: <b>${order.status}</b></p>
      <ol class="steps" aria-label="Way of the order">
        ${way.map((step) =>
          step === order.status
            ? html`<li data-step="${step}" aria-current="step">${step}</li>`
            : html`<li data-step="${step}">${step}</li>`,
        )}
      </ol>
      <p id="following" class="note">Reload the page to see how far it is.</p>
      ${table(
        ['Product', 'Quantity', 'Price'],
        order.items.map(
          (item) =>
            html`<tr>
              <th scope="row"><a href="/products/${item.product_id}">${item.product_name}</a></th>
              <td class="number" data-head="Quantity">${item.quantity}</td>
              <td class="number" data-head="Price">${item.unit_price}</td>
            </tr>`,
        ),
      )}
      <p>Shipping ${order.shipping_fee}, total <b>${order.total} ${order.currency}</b></p>`,
    visitor,
  );

export const loginPage = (next: string, visitor: Visitor, problem?: string): string =>
  page(
    'Log in',
    html`<h1>Log in</h1>
      ${problem ? html`<p role="alert">${problem}</p>` : html``}
      <form method="post" action="/login" class="stacked">
        ${hidden('next', next)}
        <label for="email">Email</label>
        <input id="email" name="email" type="email" autocomplete="username" required />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
        />
        <button>Log in</button>
      </form>
      <p class="note">
        A seeded customer: <code>user51@mail.example</code>, password <code>correct horse</code>.
      </p>`,
    visitor,
  );
