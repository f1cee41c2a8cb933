import pg from 'pg';
import { explainFailure } from '../db/connection-failure.ts';

/**
 * Marks down what nobody bought for a while. Runs from cron on the database host and writes products directly: it is older than the
 * API, and no route knows of it.
 */
export async function runPriceJob(url: string, { percent = 1, limit = 100 } = {}): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: 'nightly-price-job' });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `UPDATE products SET price = round(price * (1 - $1::numeric / 100), 2)
       WHERE id IN (
         SELECT product.id FROM products product
         WHERE product.deleted_at IS NULL AND product.price > 1
           AND NOT EXISTS (
             SELECT FROM order_items item JOIN orders ON orders.id = item.order_id
             WHERE item.product_id = product.id AND orders.placed_at > now() - interval '30 days')
         ORDER BY product.updated_at, product.id
         LIMIT $2)`,
      [percent, limit],
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

if (import.meta.main) {
  const url = process.env.DATABASE_URL;
  if (!url) {
    console.error(
      'DATABASE_URL is not set, for example postgresql://user:password@127.0.0.1:5432/shop',
    );
    process.exit(2);
  }
  try {
    console.log(JSON.stringify({ msg: 'prices marked down', products: await runPriceJob(url) }));
  } catch (error) {
    console.error(JSON.stringify({ msg: 'price job failed', ...explainFailure(error) }));
    process.exitCode = 1;
  }
}
