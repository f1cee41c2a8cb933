// The migrations of unleash-server by its own migrator, in a process of its own: it is AGPL, so no code of this project imports it.
import { createInterface } from 'node:readline';

// Its database driver listens once more for each of them.
process.setMaxListeners(0);
const { migrateDb } = await import(
  new URL('../migrator.js', import.meta.resolve('unleash-server')).href
);
const url = new URL(process.argv[2]);
const db = {
  driver: 'postgres',
  host: url.hostname,
  port: Number(url.port),
  user: url.username,
  password: url.password,
  database: url.pathname.slice(1),
  ssl: false,
  schema: 'public',
};
// A line of input: so many more of them; a line of output: done, or what went wrong.
for await (const count of createInterface({ input: process.stdin })) {
  try {
    await migrateDb({ db }, Number(count));
    console.log('done');
  } catch (error) {
    console.log(`failed: ${String(error)}`);
  }
}
