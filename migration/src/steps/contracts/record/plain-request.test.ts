import { describe, expect, test } from '@jest/globals';
import { plainRequest } from './plain-request.ts';

describe('of a recorded request, a draft holds', () => {
  test.each([
    ['/api/products/42?page=2&sort=-price', '/api/products/42', { page: ['2'], sort: ['-price'] }],
    ['/api/products/9007199254741001', '/api/products/9007199254741001', {}],
    ['/p/6f1c3d80-1111-4222-8333-0123456789ab', '/p/6f1c3d80-1111-4222-8333-0123456789ab', {}],
    ['/shop/oak-chair?tag=a&tag=b', '/shop/oak-chair', { tag: ['a', 'b'] }],
    ['/from/2026-01-31', '/from/2026-01-31', {}],
  ])('%s as it was', (target, path, query) => {
    expect(plainRequest(target)).toEqual({ path, query });
  });

  test.each([
    ['an address of mail', '/users/anna@example.com'],
    ['a number of a telephone', '/users/4915112345678'],
    ['a number of a card', '/cards/4111111111111111'],
    ['text of a search', '/products?q=chair'],
    ['a name', '/users?lastname=Smith'],
    ['words with spaces', '/products?title=to+anna'],
    ['a token', '/download/aZ81kQp0sT62uVxY7wRb'],
    ['a signed one', '/file/1?signature=00ff'],
    ['letters beyond ASCII', '/k%C3%BCche/1'],
  ])('nothing where there is %s', (_what, target) => {
    expect(plainRequest(target)).toBeUndefined();
  });
});
