import { expect, test } from '@jest/globals';
import { debeziumFinding } from './debezium-version.ts';

const found = (version: string) =>
  debeziumFinding([
    { class: 'org.example.Sink', version: '1.0' },
    { class: 'io.debezium.connector.postgresql.PostgresConnector', version },
  ]);

test.each([
  ['3.7.0.Final', true],
  ['3.10.1.Final', true],
  ['4.0.0.Final', true],
  ['3.6.4.Final', false],
  ['2.7.4.Final', false],
  ['null', false],
])('Debezium %s: %s', (version, ok) => {
  expect(found(version)).toMatchObject({ check: 'Debezium', ok, actual: version });
});

test('a Connect without Debezium is told what it lacks', () => {
  expect(debeziumFinding([{ class: 'org.example.Sink', version: '1.0' }])).toMatchObject({
    ok: false,
    actual: expect.stringContaining('no plugin io.debezium'),
    remedy: expect.stringContaining('Install'),
  });
});
