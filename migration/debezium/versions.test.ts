import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import versions from './versions.json' with { type: 'json' };

test('the jars are of the versions that versions.json names', async () => {
  const pom = await readFile(new URL('pom.xml', import.meta.url), 'utf8');
  const inPom = Object.fromEntries(
    [...pom.matchAll(/<(kafka|debezium|log4j)\.version>([^<]+)</g)].map(([, name, version]) => [
      name,
      version,
    ]),
  );
  const { kafka, debezium, log4j } = versions;
  expect(inPom).toEqual({ kafka, debezium, log4j });
});

test('every dependency of the pom takes its version from there', async () => {
  const pom = await readFile(new URL('pom.xml', import.meta.url), 'utf8');
  const dependencies = [...pom.matchAll(/<dependency>([\s\S]*?)<\/dependency>/g)].map(
    ([, body]) => /<version>([^<]+)/.exec(body ?? '')?.[1],
  );
  expect(dependencies).toHaveLength(6);
  expect(
    dependencies.every((version) => /^\$\{(kafka|debezium|log4j)\.version\}$/.test(version ?? '')),
  ).toBe(true);
});

test('the images run what the jars are', () => {
  expect(versions.images.kafka).toBe(`apache/kafka:${versions.kafka}`);
  expect(versions.images.connect).toBe(
    `quay.io/debezium/connect:${versions.debezium.split('.').slice(0, 2).join('.')}`,
  );
});
