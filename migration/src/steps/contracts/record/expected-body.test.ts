import { expect, test } from '@jest/globals';
import { expectedBody } from './expected-body.ts';

test.each(['42', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'k3j9x2m4q8w1z7p5', 'one{two}'])(
  'a name that may be data is no field, and stands nowhere in the draft: %s',
  (name) => {
    const body = expectedBody([{ stock: { [name]: true, 'in-store': true } }]);
    expect(body?.example).toEqual({ stock: { 'in-store': true } });
    expect(body?.notes).toEqual([
      { at: '$.stock.*', note: 'a name that may be data, or that no rule can name' },
    ]);
    expect(JSON.stringify(body)).not.toContain(name);
  },
);

test('a long name of letters with a few digits is a field', () => {
  expect(expectedBody([{ address_line_2_of_invoice: true }])?.example).toEqual({
    address_line_2_of_invoice: true,
  });
});
