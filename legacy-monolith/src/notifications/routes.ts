import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';
import { asFields, parseId } from '../http/input.ts';
import { mustBeUser } from '../identity/authenticate.ts';
import { inbox, markRead } from './inbox.ts';

export function notificationRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/notifications', async (request, response) => {
    response.json(await inbox(db, mustBeUser(request).userId));
  });

  router.post('/api/notifications/:id/read', async (request, response) => {
    const { userId } = mustBeUser(request);
    if (!(await markRead(db, userId, parseId(request.params.id) ?? '0')))
      throw new HttpError(404, { error: 'no such notification' });
    response.status(204).end();
  });

  router.get('/api/notification-preferences', async (request, response) => {
    const { userId } = mustBeUser(request);
    response.json(
      await db
        .selectFrom('notification_preferences')
        .select(['kind', 'by_email', 'by_push'])
        .where('user_id', '=', userId)
        .orderBy('kind')
        .execute(),
    );
  });

  router.put('/api/notification-preferences/:kind', async (request, response) => {
    const { userId } = mustBeUser(request);
    const { kind } = request.params;
    const { by_email: byEmail = true, by_push: byPush = null } = asFields(request.body) ?? {};
    if (
      !/^[a-z_]{1,40}$/.test(kind) ||
      typeof byEmail !== 'boolean' ||
      (byPush !== null && typeof byPush !== 'boolean')
    )
      throw new HttpError(400, { error: 'by_email and by_push must be true or false' });
    const set = { by_email: byEmail, by_push: byPush };
    response.json(
      await db
        .insertInto('notification_preferences')
        .values({ user_id: userId, kind, ...set })
        .onConflict((conflict) => conflict.columns(['user_id', 'kind']).doUpdateSet(set))
        .returning(['kind', 'by_email', 'by_push'])
        .executeTakeFirstOrThrow(),
    );
  });

  return router;
}
