import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { Router } from 'express';

/** The pages' script, and what it asks the shop with: the storefront's client, the very one that its contract is written with. */
const scripts = [
  'legacy-monolith/src/storefront/assets/shop',
  'contracts/consumers/storefront/storefront-client',
  'contracts/consumers/shop-api',
];
const nameOf = (path: string): string => `${path.split('/').at(-1)}.js`;

const sources = new URL('../../../', import.meta.url);
/** Where an image has them, made by the compiler: it holds no sources. */
const built = new URL('../pages/', import.meta.url);

/** As a browser takes it. They lie side by side there, wherever they lie here. */
function scriptOf(path: string): string {
  const compiled = new URL(`${path}.js`, built);
  const text = existsSync(compiled)
    ? readFileSync(compiled, 'utf8')
    : stripTypeScriptTypes(readFileSync(new URL(`${path}.ts`, sources), 'utf8'));
  return text.replaceAll(/(?<=from ')[^']*?([\w-]+)\.[jt]s(?=')/g, './$1.js');
}

/** Style and scripts of the pages. Browsers ask each time whether they are the same, and are told with 304. */
export function assetRoutes(): Router {
  const router = Router();
  const style = readFileSync(new URL('assets/shop.css', import.meta.url), 'utf8');
  const serve = (name: string, type: string, text: () => string): void => {
    router.get(`/assets/${name}`, (_request, response) => {
      response.set('cache-control', 'no-cache').type(type).send(text());
    });
  };
  serve('shop.css', 'text/css', () => style);
  for (const path of scripts) {
    let text: string | undefined;
    serve(nameOf(path), 'text/javascript', () => (text ??= scriptOf(path)));
  }
  return router;
}
