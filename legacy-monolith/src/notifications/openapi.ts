import {
  flag,
  id,
  input,
  list,
  object,
  orNull,
  ref,
  stamp,
  text,
  whole,
  type ModuleDocument,
} from '../http/openapi.ts';

const refusal = object({ error: text });

export const notificationsDocument: ModuleDocument = {
  module: 'notifications',
  schemas: {
    NotificationPreference: object({ kind: text, by_email: flag, by_push: orNull(flag) }),
  },
  paths: {
    'GET /api/notifications': {
      summary: 'My notifications',
      for: 'user',
      answers: {
        200: object({
          unread: whole,
          notifications: list(
            object({
              id,
              order_id: orNull(id),
              kind: text,
              body: text,
              createdAt: stamp,
              readAt: orNull(stamp),
            }),
          ),
        }),
      },
    },
    'POST /api/notifications/{id}/read': {
      summary: 'I saw it',
      for: 'user',
      answers: { 204: null, 404: refusal },
    },
    'GET /api/notification-preferences': {
      summary: 'How I want to hear',
      for: 'user',
      answers: { 200: list(ref('NotificationPreference')) },
    },
    'PUT /api/notification-preferences/{kind}': {
      summary: 'Change how I hear',
      for: 'user',
      body: input({ by_email: flag, by_push: orNull(flag) }),
      answers: { 200: ref('NotificationPreference'), 400: refusal },
    },
  },
};
