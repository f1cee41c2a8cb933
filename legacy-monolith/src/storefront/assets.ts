import { readFileSync } from 'node:fs';
import { Router } from 'express';

const types = { css: 'text/css', js: 'text/javascript' } as const;

/** Style and script of the pages. Browsers ask each time whether they are the same, and are told with 304. */
export function assetRoutes(): Router {
  const router = Router();
  for (const [kind, type] of Object.entries(types)) {
    const text = readFileSync(new URL(`assets/shop.${kind}`, import.meta.url), 'utf8');
    router.get(`/assets/shop.${kind}`, (_request, response) => {
      response.set('cache-control', 'no-cache').type(type).send(text);
    });
  }
  return router;
}
