import {
  anyObject,
  day,
  input,
  list,
  object,
  oneOf,
  orNull,
  ref,
  stamp,
  text,
  whole,
  type ModuleDocument,
} from '../http/openapi.ts';

const refusal = ref('IdentityError');
const role = oneOf('customer', 'staff', 'admin');
const address = { recipient: text, street: text, postal_code: text, city: text, country: text };

export const identityDocument: ModuleDocument = {
  module: 'identity',
  schemas: {
    IdentityError: object({ error: text, message: text }),
    Profile: object({
      id: whole,
      email: text,
      fullName: text,
      role,
      locale: orNull(text),
      birth_date: orNull(day),
      preferences: anyObject,
      createdAt: stamp,
    }),
    Address: object({ id: whole, ...address }),
  },
  paths: {
    'POST /api/users': {
      summary: 'Sign up',
      body: input({ email: text, password: text, fullName: text }, [
        'email',
        'password',
        'fullName',
      ]),
      answers: { 201: ref('Profile'), 400: refusal, 409: refusal },
    },
    'GET /api/users': {
      summary: 'Users',
      for: 'staff',
      query: { page: whole },
      answers: {
        200: object({
          users: list(object({ id: whole, email: text, full_name: text, role })),
          page: whole,
        }),
        400: refusal,
      },
    },
    'POST /api/login': {
      summary: 'A token for email and password',
      body: input({ email: text, password: text }),
      answers: {
        200: object({ access_token: text, tokenType: text, expires_at: stamp }),
        401: refusal,
      },
    },
    'POST /api/logout': { summary: 'Ends this token', for: 'user', answers: { 204: null } },
    'GET /api/me': { summary: 'Who I am', for: 'user', answers: { 200: ref('Profile') } },
    'PATCH /api/me': {
      summary: 'Change my profile',
      for: 'user',
      body: input({ fullName: text, locale: orNull(text), preferences: anyObject }),
      answers: { 200: ref('Profile'), 400: refusal },
    },
    'GET /api/me/addresses': {
      summary: 'My addresses',
      for: 'user',
      answers: { 200: list(ref('Address')) },
    },
    'POST /api/me/addresses': {
      summary: 'A new address',
      for: 'user',
      body: input(address, Object.keys(address)),
      answers: { 201: ref('Address'), 400: refusal },
    },
    'DELETE /api/me/addresses/{id}': {
      summary: 'Remove an address',
      for: 'user',
      answers: { 204: null, 404: refusal },
    },
  },
};
