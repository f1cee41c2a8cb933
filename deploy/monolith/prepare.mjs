// Brings the shop's database to this release; an empty shop gets products and customers to look at.
import { migrate } from '../../legacy-monolith/src/db/migrate.js';
import { seed } from '../../legacy-monolith/src/db/seed.js';
import pg from 'pg';

const url = process.env.DATABASE_URL;
if (!url) {
  console.error('DATABASE_URL is not set');
  process.exit(2);
}
const applied = await migrate(url);
console.log(JSON.stringify({ msg: 'migrated', applied }));

const client = new pg.Client({ connectionString: url });
await client.connect();
const { rows } = await client.query('SELECT 1 FROM users LIMIT 1');
await client.end();
if (rows.length > 0) console.log(JSON.stringify({ msg: 'there are users already: not seeded' }));
else
  console.log(
    JSON.stringify({
      msg: 'seeded',
      rows: await seed(url, { scale: Number(process.env.SEED_SCALE ?? '1') }),
    }),
  );
