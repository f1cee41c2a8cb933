import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserPage,
  freePort,
  startBrowser,
  until,
} from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import catalog from '../../contexts/catalog.ts';
import { describeWithBrowser } from '../../dev-stack/jest/describe-with-browser.ts';
import { startTwoSides, type TwoSides } from '../../extracted/catalog/test/two-sides.ts';
import { type RunningFacade, startFacade } from '../../facade/test/support/facade.ts';
import { barriers } from './accessibility.ts';

const { SCREENSHOTS: screenshots } = process.env;
const customer = { email: 'user51@mail.example', password: 'correct horse' };
const sizes = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const;

describeWithBrowser('the pages of the shop, in a browser, through a facade', () => {
  let sides: TwoSides;
  let browser: Browser;
  let facade: RunningFacade;
  let before: RunningFacade;
  let quiet: RunningFacade;
  let page: BrowserPage;
  let origin: string;

  /** Reads of the catalog go to one side; whose data it is does not matter to where requests go. */
  const facadeTo = (
    side: 'monolith' | 'service',
    port: number,
    debugHeaders = true,
  ): Promise<RunningFacade> => {
    const { context, identity, routes } = catalog;
    const reads = routes.filter(({ kind }) => kind === 'read');
    return startFacade({
      contexts: [
        {
          context,
          data: 'shared',
          monolith: { url: sides.monolith.url },
          service: { url: sides.service.url },
          routes,
          ...(identity && { identity }),
        },
      ],
      monolithUrl: sides.monolith.url,
      fixedFlags: Object.fromEntries(
        reads.map(({ name }) => [`${context}.${name}`, side === 'service']),
      ),
      debugHeaders,
      port,
    });
  };
  const addressOf = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`;

  beforeAll(async () => {
    const ports = [await freePort(), await freePort(), await freePort()] as const;
    sides = await startTwoSides(
      0.1,
      ports.map((port) => addressOf({ port })),
    );
    [browser, before, facade, quiet] = await Promise.all([
      startBrowser(),
      facadeTo('monolith', ports[0]),
      facadeTo('service', ports[1]),
      facadeTo('service', ports[2], false),
    ]);
    origin = addressOf(facade);
  });
  afterAll(async () => {
    await browser?.stop();
    await Promise.all([before, facade, quiet].map((one) => one?.stop()));
    await sides?.close();
  });
  beforeEach(async () => {
    page = await browser.open();
  });
  afterEach(() => {
    // Nothing of a page comes from elsewhere, and no script of it fails.
    const elsewhere = page.asked.filter((url) => !/^(http:\/\/127\.0\.0\.1:|data:)/.test(url));
    expect({ elsewhere, errors: page.errors }).toEqual({ elsewhere: [], errors: [] });
  });

  /** At the width of a desk and of a telephone. */
  const usable = async (name: string): Promise<void> => {
    for (const size of sizes) {
      await page.resize(size);
      expect({ name, ...size, barriers: await barriers(page) }).toMatchObject({ barriers: [] });
      if (!screenshots) continue;
      await mkdir(screenshots, { recursive: true });
      await writeFile(join(screenshots, `${name}-${size.width}.png`), await page.screenshot());
    }
  };
  /** So many pictures have come and can be drawn. */
  const pictured = (count: number): Promise<true> =>
    until(`${count} pictures`, async () => {
      const drawn = await page.evaluate<number>(
        `Promise.all([...document.images].map((image) => image.decode())).then((all) => all.length)`,
      );
      return drawn === count;
    });

  test('show products with pictures, which come from whoever serves the catalog, and say who that was', async () => {
    const renamed = 'Only the service calls it that';
    const client = new pg.Client({ connectionString: sides.own.url });
    await client.connect();
    await client.query(
      `UPDATE product_text SET title = $1 WHERE product_id = (SELECT product_id FROM product ORDER BY sku LIMIT 1)`,
      [renamed],
    );
    await client.end();
    await page.goto(addressOf(before));
    await page.sees('45 products');
    await page.sees('Answered by: categories monolith');
    expect(await page.text()).not.toContain(renamed);

    await page.goto(origin);
    await page.sees(renamed);
    await page.sees('products service');
    await page.sees('pictures service');
    await page.sees('this page monolith');
    await pictured(12);
    await usable('front');

    await page.write('searchbox', 'Search for products', 'chair');
    await page.follow('button', 'Search');
    await page.sees('Products for “chair”');
    await page.goto(`${origin}/?category=kitchen&page=2`);
    await page.sees('Nothing found.');
  });

  test('are quiet about who answered where the facade is', async () => {
    await page.goto(addressOf(quiet));
    await page.sees('45 products');
    expect(await page.text()).not.toContain('Answered by');
  });

  test('come complete from the server: a browser without scripts shows products, pictures, the cart and an order', async () => {
    await page.forbidScripts();
    await page.goto(origin);
    await page.sees('45 products');
    await page.sees('Answered by: categories service · products service · pictures service');
    await pictured(12);
    await usable('front-without-script');
    await page.follow('link', 'Next page');
    await page.follow('link', 'Rugged leather bicycle 229.84 EUR');
    await page.sees('Answered by: product service');
    await pictured(1);
    await usable('product-without-script');
    await page.follow('link', 'Log in to buy');
    await page.write('textbox', 'Email', 'user52@mail.example');
    await page.write('textbox', 'Password', customer.password);
    await page.follow('button', 'Log in');
    await page.follow('button', 'Add to cart');
    await page.sees('Cart (1)');
    await page.sees('Rugged leather bicycle');
    await usable('cart-without-script');
    await page.follow('button', 'Order');
    await page.sees('Status: placed');
    await page.sees('Reload the page to see how far it is.');
    await usable('order-without-script');
    const byScripts = page.asked.filter((url) =>
      /\/(api\/(?!.*\/images\/)|assets\/.*js)/.test(url),
    );
    expect(byScripts).toEqual([]);
  });

  test('let a customer choose, order and watch the order go its way', async () => {
    await page.goto(origin);
    await page.follow('link', 'Next page');
    await page.sees('Previous page');
    await page.follow('link', 'Rugged leather bicycle 229.84 EUR');
    await page.sees('229.84 EUR');
    await pictured(1);
    await usable('product');
    await page.follow('link', 'Log in to buy');
    await page.write('textbox', 'Email', customer.email);
    await page.write('textbox', 'Password', 'wrong');
    await page.follow('button', 'Log in');
    await page.sees('Email or password is wrong.');
    await usable('login');
    page.errors.length = 0; // the browser notes the 401
    await page.write('textbox', 'Email', customer.email);
    await page.write('textbox', 'Password', customer.password);
    await page.follow('button', 'Log in');
    await page.write('spinbutton', 'Quantity', '2');
    await page.follow('button', 'Add to cart');
    await page.sees('Cart (2)');
    await usable('cart');
    await page.follow('button', 'Order');
    await page.sees('Status: placed');
    await page.sees('This page follows the order by itself.');
    const order = await page.evaluate<string>(`location.pathname.split('/').pop()`);
    for (const status of ['paid', 'packed']) {
      const moved = await fetch(`${origin}/api/orders/${order}/status`, {
        method: 'POST',
        headers: { authorization: 'Bearer demo-token-1', 'content-type': 'application/json' },
        body: JSON.stringify({ status }),
      });
      expect(moved.status).toBe(200);
      await page.sees(`Status: ${status}`);
    }
    await usable('order');
    await page.follow('link', 'Orders');
    await page.sees(order);
    await usable('orders');
    await page.follow('button', 'Log out');
    await page.goto(`${origin}/orders/${order}`);
    await page.sees('A seeded customer');
  });
});
