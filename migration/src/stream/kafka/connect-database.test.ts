import { expect, test } from '@jest/globals';
import { connectDatabase } from './connect-database.ts';

const ours = 'postgresql://me@localhost:5433/shop';

test('a URL becomes what the connector is told, with its encoded characters', () => {
  expect(
    connectDatabase('postgresql://a%40b:p%3Aw%2F@db:6543/shop?sslmode=require', ours, 'x'),
  ).toEqual({
    hostname: 'db',
    port: '6543',
    user: 'a@b',
    password: 'p:w/',
    name: 'shop',
    sslmode: 'require',
    certificates: {},
  });
  expect(connectDatabase('postgresql://u:p@db/shop', ours, 'x')).toMatchObject({
    port: '5432',
    sslmode: null,
  });
  expect(connectDatabase('postgresql://u:p@[::1]:5432/shop', ours, 'x')).toMatchObject({
    hostname: '::1',
  });
});

test('the certificates of a URL are those that Connect sees, and a mode of ours alone becomes the driver’s', () => {
  const query =
    'sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt&sslcert=/etc/us.crt&sslkey=/etc/us.pk8';
  expect(connectDatabase(`postgresql://u:p@db/shop?${query}`, ours, 'x')).toMatchObject({
    sslmode: 'verify-full',
    certificates: { sslrootcert: '/etc/ca.crt', sslcert: '/etc/us.crt', sslkey: '/etc/us.pk8' },
  });
  expect(connectDatabase('postgresql://db/shop?sslmode=no-verify', ours, 'x')).toMatchObject({
    sslmode: 'require',
    certificates: {},
  });
});

test('a reference to a secret passes as it is: Connect resolves it', () => {
  expect(
    connectDatabase(
      'postgresql://shop:${file:/run/secrets/shop.properties:password}@db:5432/shop',
      ours,
      'x',
    ),
  ).toMatchObject({
    user: 'shop',
    password: '${file:/run/secrets/shop.properties:password}',
    hostname: 'db',
  });
});

test.each([
  ['postgresql://u:p@db/other', 'names database "other", but replication runs on "shop"'],
  ['postgresql:///shop', 'must name a host'],
  ['nonsense', 'is not a database URL'],
])('%s is refused, and the field named', (text, message) =>
  expect(() => connectDatabase(text, ours, 'replication.databaseForConnect.monolith')).toThrow(
    `replication.databaseForConnect.monolith ${message}`,
  ),
);
