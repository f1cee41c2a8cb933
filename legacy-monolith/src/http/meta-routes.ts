import { Router } from 'express';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

export function metaRoutes(db: Db, document: object, build: string | undefined): Router {
  const router = Router();
  router.get('/openapi.json', (_request, response) => {
    response.json(document);
  });
  // Which build runs: with a prefix, because every deployable of this repository is built from the same commit.
  router.get('/version', (_request, response) => {
    response.set('cache-control', 'no-store');
    response.json({ revision: build ? `monolith-${build}` : 'unknown' });
  });
  router.get('/health', async (_request, response) => {
    try {
      await sql`SELECT 1`.execute(db);
      response.json({ status: 'ok' });
    } catch {
      response.status(503).json({ status: 'database unreachable' });
    }
  });
  return router;
}
