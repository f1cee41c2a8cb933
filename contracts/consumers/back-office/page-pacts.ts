import { MatchersV3, PactV3 } from '@pact-foundation/pact';
import assert from 'node:assert/strict';
import { pactFolder } from '../pact-words.ts';
import { sendTo } from '../shop-api.ts';

// The staff's pages stay in the monolith; browsers keep its cookie and follow its redirects, through whatever stands before it.
// Specification 3: what the core writes for version 4 cannot say what a form holds.
const { regex } = MatchersV3;
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const pact = (): PactV3 =>
  new PactV3({
    consumer: 'back-office',
    provider: 'shop-pages',
    dir: pactFolder(),
    logLevel: 'error',
  });

const credentials = (password: string): string =>
  new URLSearchParams({ email: 'demo2@shop.example', password }).toString();
const login = (url: string, password: string): Promise<Response> =>
  sendTo(url)('/admin/login', { method: 'POST', headers: form, body: credentials(password) });

await pact()
  .addInteraction({
    uponReceiving: 'a login of the staff',
    withRequest: {
      method: 'POST',
      path: '/admin/login',
      headers: form,
      body: credentials('correct horse'),
    },
    willRespondWith: {
      status: 303,
      headers: {
        Location: '/admin',
        'Set-Cookie': regex(
          `^shop_session=${uuid}; Max-Age=28800; Path=/admin; Expires=[^;]+; HttpOnly; SameSite=Lax$`,
          'shop_session=7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10; Max-Age=28800; Path=/admin; ' +
            'Expires=Thu, 29 Feb 2024 16:30:00 GMT; HttpOnly; SameSite=Lax',
        ),
      },
    },
  })
  .executeTest(async ({ url }) => {
    const response = await login(url, 'correct horse');
    assert.equal(response.headers.get('location'), '/admin');
    assert.equal(response.headers.getSetCookie().length, 1);
  });

await pact()
  .addInteraction({
    uponReceiving: 'a login with a wrong password',
    withRequest: {
      method: 'POST',
      path: '/admin/login',
      headers: form,
      body: credentials('wrong'),
    },
    willRespondWith: { status: 401, headers: { 'Content-Type': 'text/html; charset=utf-8' } },
  })
  .executeTest(async ({ url }) => {
    assert.equal((await login(url, 'wrong')).status, 401);
  });

await pact()
  .addInteraction({
    uponReceiving: 'a page for staff who are not logged in',
    withRequest: { method: 'GET', path: '/admin/products' },
    willRespondWith: { status: 303, headers: { Location: '/admin/login' } },
  })
  .executeTest(async ({ url }) => {
    const response = await sendTo(url)('/admin/products');
    assert.equal(response.headers.get('location'), '/admin/login');
  });
