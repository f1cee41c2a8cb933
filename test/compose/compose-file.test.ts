import { execFile } from 'node:child_process';
import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '@strangler-toolkit/dev-stack';
import { settings } from '../../facade/src/config/settings.ts';
import {
  interpolate,
  loadCompose,
  parseEnvFile,
  variablesIn,
  type ComposeFile,
  type Service,
} from './support/compose-file.ts';
import { complaints, composeSchema } from './support/schema.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): Promise<string> => readFile(join(repository, file), 'utf8');

let text: string;
let example: Record<string, string>;
let compose: ComposeFile;
let services: [string, Service][];
beforeAll(async () => {
  text = await read('docker-compose.yml');
  example = parseEnvFile(await read('.env.example'));
  compose = await loadCompose(join(repository, 'docker-compose.yml'), example);
  services = Object.entries(compose.services);
});

const isOnce = ([, service]: [string, Service]): boolean => service.restart === 'no';
const isPostgres = (entry: [string, Service]): boolean =>
  entry[1].image.startsWith('postgres:') && !isOnce(entry);
const isCommand = ([, service]: [string, Service]): boolean =>
  service.profiles?.every((profile) => profile.endsWith('cli')) === true;

describe('the file', () => {
  test('is valid by the schema of the Compose specification', async () => {
    const validate = await composeSchema();
    validate(compose);
    expect(complaints(validate)).toEqual([]);
  });

  test('would not be valid with a misspelt key, a wrong condition or a wrong duration', async () => {
    const validate = await composeSchema();
    const connect = compose.services.connect!;
    expect(validate({ ...compose, services: { connect } })).toBe(true);
    for (const wrong of [
      { enviroment: {} },
      { depends_on: { kafka: { condition: 'service_ready' } } },
      { healthcheck: { test: ['CMD', 'true'], interval: '5 seconds' } },
      { ports: [{ host: 1 }] },
    ]) {
      expect(validate({ ...compose, services: { connect: { ...connect, ...wrong } } })).toBe(false);
    }
  });

  test('waits only for services that exist and that start with it', () => {
    const wrong = services.flatMap(([name, service]) =>
      Object.keys(service.depends_on ?? {})
        .filter((needed) => {
          const other = compose.services[needed];
          // Docker Compose refuses a service one of whose profiles leaves out what it waits for.
          return (
            !other ||
            (other.profiles !== undefined &&
              !service.profiles?.every((profile) => other.profiles?.includes(profile)))
          );
        })
        .map((needed) => `${name} needs ${needed}`),
    );
    expect(wrong).toEqual([]);
  });

  test('waits for the health of every server that it waits for, and for the end of everything that ends', () => {
    const wrong = services.flatMap(([name, service]) =>
      Object.entries(service.depends_on ?? {})
        .filter(
          ([needed, { condition }]) =>
            condition !==
            (isOnce([needed, compose.services[needed]!])
              ? 'service_completed_successfully'
              : 'service_healthy'),
        )
        .map(([needed]) => `${name} needs ${needed}`),
    );
    expect(wrong).toEqual([]);
  });

  // `up --wait` takes the end of a container as a failure unless somebody waits for it to end well.
  test('lets nothing end that nobody waits for', () => {
    const awaited = new Set(
      services.flatMap(([, service]) => Object.keys(service.depends_on ?? {})),
    );
    expect(
      services
        .filter((entry) => isOnce(entry) && !isCommand(entry))
        .map(([name]) => name)
        .filter((name) => !awaited.has(name)),
    ).toEqual([]);
  });

  test('starts in an order: nobody waits in a circle', () => {
    const above = (name: string, path: readonly string[]): string[] => {
      if (path.includes(name)) throw new Error(`a circle: ${[...path, name].join(' → ')}`);
      return Object.keys(compose.services[name]?.depends_on ?? {}).flatMap((needed) => [
        needed,
        ...above(needed, [...path, name]),
      ]);
    };
    const before = (name: string): Set<string> => new Set(above(name, []));
    for (const [name] of services) before(name);
    expect(before('facade-1')).toEqual(
      new Set([
        'control-migrate',
        'control-db',
        'unleash',
        'monolith',
        'monolith-migrate',
        'monolith-db',
        'catalog',
        'catalog-migrate',
        'catalog-db',
        'shipping-rates',
      ]),
    );
    expect([...before('worker-2')]).toEqual(
      expect.arrayContaining([
        'worker-1',
        'connect',
        'kafka',
        'monolith-migrate',
        'catalog-migrate',
        'control-migrate',
      ]),
    );
  });

  test('asks every server how it is, with a program that its image has', () => {
    const tools: Record<string, RegExp> = {
      postgres: /^CMD pg_isready -h 127\.0\.0\.1 -U postgres$/,
      'apache/kafka': /kafka-broker-api-versions\.sh --bootstrap-server kafka:9092/,
      'quay.io/debezium/connect': /^CMD curl -fsS .*:8083\/health$/,
      'unleashorg/unleash-server': /^CMD wget .*:4242\/health$/,
      'pactfoundation/pact-broker': /^CMD wget .*:9292\/diagnostic\/status\/heartbeat$/,
      'prom/prometheus': /^CMD wget .*:9090\/-\/ready$/,
      'grafana/grafana': /^CMD wget .*:3000\/api\/health$/,
    };
    for (const [name, service] of services.filter((entry) => !isOnce(entry))) {
      const [image = ''] = service.image.split(':');
      const expected = service.build
        ? /^CMD node -e fetch\("http:\/\/127\.0\.0\.1:\d+\/health/
        : tools[image];
      expect([name, expected?.test(service.healthcheck?.test.join(' ') ?? '')]).toEqual([
        name,
        true,
      ]);
    }
  });

  test('publishes on this machine only, and only what a person opens', () => {
    const published = Object.fromEntries(
      services
        .filter(([, service]) => service.ports)
        .map(([name, service]) => [name, service.ports]),
    );
    expect(published).toEqual({
      unleash: ['127.0.0.1:4242:4242'],
      'facade-1': ['127.0.0.1:8080:8080', '127.0.0.1:8091:8081'],
      'facade-2': ['127.0.0.1:8081:8080', '127.0.0.1:8092:8081'],
      'pact-broker': ['127.0.0.1:9292:9292'],
      grafana: ['127.0.0.1:3001:3000'],
    });
  });

  test('asks a token of whoever comes to a published port for operators', () => {
    // FACADE_ADMIN_PORT as the facade has it unless told otherwise
    const open = services.filter(([, { ports = [] }]) =>
      ports.some((port) => port.endsWith(`:${settings.adminPort.standard}`)),
    );
    expect(open.map(([name]) => name)).toEqual(['facade-1', 'facade-2']);
    for (const [, { environment = {} }] of open) {
      expect(environment).not.toHaveProperty('FACADE_ADMIN_PORT');
      expect(String(environment.FACADE_ADMIN_TOKEN)).toMatch(/^\S{16,}$/);
    }
  });

  test('keeps the data of every server in a volume of its own, PostgreSQL 18 where its image wants it', () => {
    const named = services.flatMap(([name, service]) =>
      (service.volumes ?? [])
        .filter((volume) => !volume.startsWith('.'))
        .map((volume) => `${name} ${volume}`),
    );
    expect(named.map((entry) => entry.split(' ')[1]!.split(':')[0]!).sort()).toEqual(
      Object.keys(compose.volumes).sort(),
    );
    expect(
      services
        .filter((entry) => isPostgres(entry))
        .every(([name, service]) => service.volumes?.[0] === `${name}:/var/lib/postgresql`),
    ).toBe(true);
    expect(named).toEqual(
      expect.arrayContaining([
        'kafka kafka:/var/lib/kafka/data',
        'facade-1 facade-1:/var/lib/facade',
        'facade-2 facade-2:/var/lib/facade',
      ]),
    );
  });

  test('mounts files of this repository that are there, to be read only', async () => {
    const mounted = services.flatMap(([, service]) =>
      (service.volumes ?? []).filter((volume) => volume.startsWith('.')),
    );
    for (const volume of mounted) {
      expect(volume).toMatch(/:ro$/);
      await access(join(repository, volume.split(':')[0]!));
    }
    for (const script of mounted
      .map((volume) => volume.split(':')[0]!)
      .filter((file) => file.endsWith('.sh')))
      expect((await stat(join(repository, script))).mode & 0o111).not.toBe(0);
  });

  test('gives no container more rights than it needs', () => {
    for (const [name, service] of services) {
      expect([name, service.security_opt]).toEqual([name, ['no-new-privileges:true']]);
      // PostgreSQL's entrypoint changes its user.
      if (!service.image.startsWith('postgres:'))
        expect([name, service.cap_drop]).toEqual([name, ['ALL']]);
      if (service.build) expect([name, service.read_only]).toEqual([name, true]);
    }
  });

  test('lets no container take the memory or the disk of all others', () => {
    const bytes = (text = ''): number => {
      const [, number = '', unit = ''] = /^(\d+)([mg])$/i.exec(text) ?? [];
      return Number(number) * (unit.toLowerCase() === 'g' ? 1_024 : 1);
    };
    for (const [name, service] of services) {
      const limit = bytes(service.mem_limit);
      expect([name, limit >= 256 && limit <= 2_048]).toEqual([name, true]);
      expect([name, service.logging]).toEqual([
        name,
        { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
      ]);
      // a JVM needs half as much again beside its heap
      const heaps = Object.values(service.environment ?? {}).flatMap((value) =>
        [...String(value).matchAll(/-Xmx(\w+)/g)].map(([, size]) => bytes(size)),
      );
      for (const heap of heaps) expect([name, heap * 1.5 <= limit]).toEqual([name, true]);
    }
  });

  test('has one command that knows its Pact broker, by a name that the broker has too, and one of files', async () => {
    const { variables } = await import('../../migration/src/cli/variables.ts');
    const broker = compose.services['pact-broker']!.environment!;
    const asking = compose.services['contracts-broker']!;
    const { PACT_BROKER_BASE_URL: url, ...rest } = asking.environment!;
    expect(String(broker.PACT_BROKER_BASE_URL).split(' ')).toEqual(['http://localhost:9292', url]);
    expect(url).toBe('http://pact-broker:9292');
    expect([rest.PACT_BROKER_USERNAME, rest.PACT_BROKER_PASSWORD]).toEqual([
      broker.PACT_BROKER_BASIC_AUTH_USERNAME,
      broker.PACT_BROKER_BASIC_AUTH_PASSWORD,
    ]);
    expect(asking.depends_on).toHaveProperty('pact-broker', { condition: 'service_healthy' });
    const named = Object.keys(asking.environment!).filter((name) => name.startsWith('PACT_'));
    expect(named).toHaveLength(4);
    expect(variables.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
    // All else alike: without the broker it works from files.
    const { contracts } = compose.services;
    const without = Object.entries(asking.environment!).filter(([name]) => !named.includes(name));
    expect(contracts).toEqual({
      ...asking,
      environment: Object.fromEntries(without),
      depends_on: contracts!.depends_on,
    });
    expect(contracts!.depends_on).not.toHaveProperty('pact-broker');
  });

  test('has a worker that stands by, and is asked itself how it is', () => {
    const [first, second] = [compose.services['worker-1']!, compose.services['worker-2']!];
    const port = first.environment!.STRANGLER_WORKER_PORT;
    expect(first.healthcheck!.test.join(' ')).toContain(`127.0.0.1:${port}/health/ready`);
    expect(first.command).toEqual(['replicate', 'catalog']);
    expect({ ...second, depends_on: first.depends_on }).toEqual(first);
  });
});

describe('secrets', () => {
  test('come from .env, and a missing one is a clear error', async () => {
    for (const name of Object.keys(example)) {
      await expect(
        loadCompose(join(repository, 'docker-compose.yml'), { ...example, [name]: '' }),
      ).rejects.toThrow(
        `required variable ${name} is missing a value: set ${name} in .env (see .env.example)`,
      );
    }
    expect(() => interpolate('${A:?set A}', {})).toThrow(
      'required variable A is missing a value: set A',
    );
  });

  test('and ports are all in .env.example, and nothing in it is unused', async () => {
    const documented = [...(await read('.env.example')).matchAll(/^(?:# )?([A-Z0-9_]+)=/gm)]
      .map((match) => match[1] ?? '')
      .sort();
    expect(documented).toEqual(variablesIn(text));
  });

  test('are nowhere in the file', () => {
    const wrong = services
      .flatMap(([name, service]) =>
        Object.entries(service.environment ?? {}).map(([key, value]) => `${name} ${key}=${value}`),
      )
      .filter(
        (setting) =>
          /(PASSWORD|TOKEN|SECRET)S?=|:\/\/[^/]*:[^/]*@/.test(setting) &&
          !setting.includes('change-me-'),
      );
    expect(wrong).toEqual([]);
  });

  test('are random and private in the .env that make-env.sh writes, which it never writes again', async () => {
    const folder = await temporaryFolder('env');
    try {
      const file = join(folder.path, '.env');
      await run('sh', [join(repository, 'deploy/make-env.sh'), file]);
      const written = await readFile(file, 'utf8');
      const values = parseEnvFile(written);
      expect(Object.keys(values)).toEqual(Object.keys(example));
      expect(new Set(Object.values(values)).size).toBe(Object.keys(values).length);
      expect(written.replaceAll(/^#.*/gm, '')).not.toMatch(/change-me/);
      for (const [name, value] of Object.entries(values))
        expect(`${name}=${value}`).toMatch(/=(\*:\*\.|\*:development\.)?[0-9a-f]{48}$/);
      expect((await stat(file)).mode & 0o077).toBe(0);
      await run('sh', [join(repository, 'deploy/make-env.sh'), file]);
      expect(await readFile(file, 'utf8')).toBe(written);
    } finally {
      await folder.remove();
    }
  });

  test('are kept out of git and out of the images', async () => {
    await run('git', ['check-ignore', '-q', '.env'], { cwd: repository });
    const { dockerignore } = await import('./support/dockerfile.ts');
    const sent = dockerignore(await read('.dockerignore'));
    for (const file of [
      '.env',
      'facade/.env',
      'node_modules/pg/package.json',
      '.git/config',
      'facade/test/proxy.test.ts',
      'migration/dist/index.js',
      'docs/deploy.md',
    ])
      expect([file, sent(file)]).toEqual([file, false]);
    for (const file of [
      'package-lock.json',
      'facade/src/main.ts',
      'migration/package.json',
      'deploy/monolith/prepare.mjs',
      'bench/package.json',
    ])
      expect([file, sent(file)]).toEqual([file, true]);
  });
});

describe('what the processes are told', () => {
  const ports: Record<string, string> = {
    'monolith-db': '5432',
    'catalog-db': '5432',
    'control-db': '5432',
    'pacts-db': '5432',
    kafka: '9092',
    connect: '8083',
    unleash: '4242',
    monolith: '3000',
    'monolith-pacts': '3000',
    catalog: '3001',
    'catalog-pacts': '3001',
    'shipping-rates': '3002',
    'facade-1': '8080',
    'facade-2': '8080',
    'pact-broker': '9292',
  };

  test('names services of this file at the ports on which they listen', () => {
    const addresses = services.flatMap(([name, service]) =>
      Object.entries(service.environment ?? {})
        .filter(([key]) => !/LISTENERS|QUORUM/.test(key))
        // Several addresses are one setting: of services with a comma, of a Pact broker with a space.
        .flatMap(([key, value]) =>
          String(value)
            .split(/[, ](?=https?:)/)
            .map((text) => [key, text] as const),
        )
        .flatMap(([key, text]) => {
          const address = /^(https?|postgres|postgresql):\/\//.test(text)
            ? new URL(text)
            : /^[a-z][\w-]*:\d+$/.test(text)
              ? new URL(`tcp://${text}`)
              : undefined;
          return address && address.hostname !== 'localhost'
            ? [
                {
                  setting: `${name} ${key}=${text}`,
                  right:
                    compose.services[address.hostname] !== undefined &&
                    ports[address.hostname] === address.port,
                },
              ]
            : [];
        }),
    );
    expect(addresses.filter((address) => !address.right)).toEqual([]);
    expect(addresses.length).toBeGreaterThan(30);
  });

  /** Variables that a context file names with `env()` and has no default for. */
  const named = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    if ('env' in value && typeof value.env === 'string')
      return 'default' in value ? [] : [value.env];
    return Object.values(value).flatMap(named);
  };

  test('is everything that facade, worker and command line cannot do without', async () => {
    const { loadContexts } = await import('@strangler-toolkit/plan/load');
    const { settingRows } = await import('../../facade/src/config/settings.ts');
    const contexts = [...(await loadContexts(join(repository, 'contexts'))).values()];
    const definitions = contexts.map(({ definition }) => definition);
    const urls = definitions.flatMap(({ monolith, service }) => [monolith.url, service.url]);
    const offUntilWanted = new Set(['FACADE_EDGE', 'OTEL_EXPORTER_OTLP_ENDPOINT']);
    const ofFacades = settingRows.flatMap(({ variable, standard }) =>
      variable !== undefined && standard === undefined && !offUntilWanted.has(variable)
        ? [variable]
        : [],
    );
    const [missing, given] = [new Map<string, string[]>(), new Set<string>()];
    const asked = (name: string, variables: readonly string[]): void => {
      const environment = compose.services[name]!.environment ?? {};
      for (const variable of variables) given.add(variable);
      missing.set(
        name,
        variables.filter((variable) => !environment[variable]),
      );
    };
    for (const facade of ['facade-1', 'facade-2'])
      asked(facade, [...ofFacades, ...named(urls), 'STRANGLER_CONTEXTS', 'UNLEASH_URL']);
    const ofCommands = [
      ...['STRANGLER_CONTROL_URL', 'STRANGLER_CONTEXTS', 'STRANGLER_TRANSPORT'],
      ...['KAFKA_BROKERS', 'CONNECT_URL', 'UNLEASH_URL', 'UNLEASH_ADMIN_TOKEN'],
    ];
    for (const command of ['worker-1', 'worker-2', 'control-migrate', 'strangler'])
      asked(command, [...ofCommands, ...named(definitions)]);
    expect([...missing].filter(([, variables]) => variables.length > 0)).toEqual([]);
    // the contexts were read: their variables were among those asked for
    for (const variable of ['CATALOG_DATABASE_URL', 'SHIPPING_RATES_URL', 'UNLEASH_CLIENT_TOKEN'])
      expect(given).toContain(variable);
  });

  test('is nothing that facade, worker and command line do not know', async () => {
    const settings = Object.keys(compose.services['worker-1']!.environment ?? {});
    const known = `${await read('docs/guide/reference.md')} ${await read('docs/deploy.md')} ${await read('contexts/catalog.ts')} ${await read('contexts/shipping-rates.ts')} ${await read('facade/src/config/settings.ts')}`;
    expect(settings.filter((name) => !new RegExp(`\\b${name}\\b`).test(known))).toEqual([]);
    expect(compose.services['worker-1']!.environment).toMatchObject({
      STRANGLER_TRANSPORT: 'kafka',
      KAFKA_BROKERS: 'kafka:9092',
      CONNECT_URL: 'http://connect:8083',
    });
  });

  test('makes each facade one of its own with one state folder each', () => {
    const [one, two] = [
      compose.services['facade-1']!.environment ?? {},
      compose.services['facade-2']!.environment ?? {},
    ];
    expect([one.FACADE_NAME, two.FACADE_NAME]).toEqual(['facade-1', 'facade-2']);
    expect({ ...two, FACADE_NAME: '' }).toEqual({ ...one, FACADE_NAME: '' });
    expect(one).not.toHaveProperty('UNLEASH_ADMIN_TOKEN');
  });

  test('gives every PostgreSQL logical replication', () => {
    for (const [, service] of services.filter((entry) => isPostgres(entry)))
      expect(service.command).toEqual(
        expect.arrayContaining([
          'wal_level=logical',
          'max_replication_slots=20',
          'max_wal_senders=20',
        ]),
      );
  });
});

describe('docs/deploy.md', () => {
  test('shows commands that this file and the command line understand, and the ports that are published', async () => {
    const page = await read('docs/deploy.md');
    const { buildProgram } = await import('../../migration/src/cli/program.ts');
    const { Terminal } = await import('../../migration/src/cli/terminal.ts');
    const commands = buildProgram(
      { terminal: new Terminal(), signal: new AbortController().signal, exitCode: 0 },
      '0',
    ).commands.map((command) => command.name());
    const runs = [...page.matchAll(/docker compose run --rm ([a-z-]+) ([a-z-]+)/g)];
    expect(runs.length).toBeGreaterThan(8);
    for (const [shown, service = '', command = ''] of runs)
      expect([
        shown,
        isCommand([service, compose.services[service]!]),
        commands.includes(command),
      ]).toEqual([shown, true, true]);
    const profiles = new Set(services.flatMap(([, service]) => service.profiles ?? []));
    for (const [shown, profile = ''] of page.matchAll(/--profile (\S+)/g))
      expect([shown, profiles.has(profile)]).toEqual([shown, true]);
    for (const [shown, names = ''] of page.matchAll(
      /docker compose (?:restart|kill|stop|start|logs --follow) ([a-z\d -]+)/g,
    ))
      for (const name of names.trim().split(' '))
        expect([shown, name in compose.services]).toEqual([shown, true]);
    const ports = services.flatMap(([, service]) =>
      (service.ports ?? []).map((port) => port.split(':')[1] ?? ''),
    );
    expect(
      [...page.matchAll(/http:\/\/localhost:(\d+)/g)].map((match) => match[1]!).sort(),
    ).toEqual(ports.sort());
    for (const [name] of services.filter((entry) => entry[1].profiles === undefined))
      expect([name, page.includes(`\`${name}\``)]).toEqual([name, true]);
  });
});
