export { migrate } from './db/migrate.ts';
export { startCatalog, type CatalogOptions } from './start.ts';
