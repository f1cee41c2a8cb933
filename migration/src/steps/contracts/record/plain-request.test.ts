import { describe, expect, test } from '@jest/globals';
import { plainRequest } from './plain-request.ts';

describe('of a recorded request, a draft holds', () => {
  test.each([
    [
      '/api/products/:id',
      '/api/products/42?page=2&sort=-price',
      '/api/products/42',
      { page: ['2'], sort: ['-price'] },
    ],
    ['/api/products/:id', '/api/products/9007199254741001', '/api/products/9007199254741001', {}],
    [
      '/p/:id',
      '/p/6f1c3d80-1111-4222-8333-0123456789ab',
      '/p/6f1c3d80-1111-4222-8333-0123456789ab',
      {},
    ],
    ['/shop/:slug', '/shop/oak-chair?tag=a&tag=b', '/shop/oak-chair', { tag: ['a', 'b'] }],
    ['/shop/**', '/shop/Oak-Chairs/mp3-player', '/shop/Oak-Chairs/mp3-player', {}],
    ['/from/:day', '/from/2026-01-31', '/from/2026-01-31', {}],
    ['/from/:at', '/from/2026-01-31T03:04:05.000Z', '/from/2026-01-31T03:04:05.000Z', {}],
    ['/users/:id', '/users/42', '/users/42', {}],
    ['/orders/of/:userId', '/orders/of/42', '/orders/of/42', {}],
    ['/token/Oauth2v1Callback', '/token/Oauth2v1Callback', '/token/Oauth2v1Callback', {}],
  ])('of %s, %s as it was', (template, target, path, query) => {
    expect(plainRequest(target, template)).toEqual({ path, query });
  });

  test.each([
    ['an address of mail', '/users/:id', '/users/anna@example.com'],
    ['a name of a user', '/users/:id', '/users/jane.doe'],
    ['a name with a hyphen', '/customers/:id', '/customers/jane-doe'],
    ['a name behind any word', '/boards/:id', '/boards/jane.doe'],
    ['a name that the route calls so', '/boards/:username', '/boards/jane'],
    ['a number of a telephone', '/calls/:id', '/calls/4915112345678'],
    ['a number of a telephone with points', '/calls/:id', '/calls/555.123.4567'],
    ['a number of social security', '/files/:id', '/files/123456789'],
    ['one with hyphens', '/files/:id', '/files/123-45-6789'],
    ['a number of a card', '/cards/:id', '/cards/4111111111111111'],
    ['text of a search', '/products', '/products?q=chair'],
    ['a name that is asked for', '/boards', '/boards?lastname=Smith'],
    ['words with spaces', '/products', '/products?title=to+anna'],
    ['a token', '/download/:id', '/download/aZ81kQp0sT62uVxY7wRb'],
    ['a token with its kind', '/download/:id', '/download/sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
    ['a token in base64url', '/download/:id', '/download/x3-Jk_pQ'],
    ['a token without digits', '/download/:id', '/download/aZbkQpcsTduVxYewRbKq'],
    ['a short token', '/download/:id', '/download/k3v9q2'],
    ['a token under a wildcard', '/files/**', '/files/a/k3v9q2'],
    ['a token that the route calls so', '/download/:token', '/download/483920'],
    ['an invitation', '/invites/:id', '/invites/6f1c3d80-1111-4222-8333-0123456789ab'],
    ['a signed one', '/file/:id', '/file/1?signature=00ff'],
    ['letters beyond ASCII', '/k/:id', '/k/k%C3%BCche'],
  ])('nothing where there is %s', (_what, template, target) => {
    expect(plainRequest(target, template)).toBeUndefined();
  });
});
