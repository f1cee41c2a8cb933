import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { Router } from 'express';

/** As a browser takes it. An image holds no sources: there it was made by the compiler. */
function scriptOf(name: string): string {
  const compiled = new URL(`assets/${name}.js`, import.meta.url);
  return existsSync(compiled)
    ? readFileSync(compiled, 'utf8')
    : stripTypeScriptTypes(readFileSync(new URL(`assets/${name}.ts`, import.meta.url), 'utf8'));
}

/** Style and script of the pages. Browsers ask each time whether they are the same, and are told with 304. */
export function assetRoutes(): Router {
  const router = Router();
  const style = readFileSync(new URL('assets/shop.css', import.meta.url), 'utf8');
  const serve = (name: string, type: string, text: () => string): void => {
    router.get(`/assets/${name}`, (_request, response) => {
      response.set('cache-control', 'no-cache').type(type).send(text());
    });
  };
  serve('shop.css', 'text/css', () => style);
  let script: string | undefined;
  serve('shop.js', 'text/javascript', () => (script ??= scriptOf('shop')));
  return router;
}
