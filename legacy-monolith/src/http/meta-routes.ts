import { Router } from 'express';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';

export function metaRoutes(db: Db, document: object): Router {
  const router = Router();
  router.get('/openapi.json', (_request, response) => {
    response.json(document);
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
