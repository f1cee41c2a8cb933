export { createApp, type AppOptions } from './app.ts';
export { openDatabase } from './db/database.ts';
export { migrate } from './db/migrate.ts';
export { seed, type SeedOptions } from './db/seed.ts';
export { startServer, type ServerOptions, type ShopServer } from './server.ts';
