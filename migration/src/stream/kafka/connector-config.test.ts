import { describe, expect, test } from '@jest/globals';
import {
  configDifferences,
  connectorConfig,
  readsTable,
  type ConnectorInput,
  essentialSettings,
  shownConfig,
} from './connector-config.ts';
import { unavailable } from './decode/settings.ts';

const input: ConnectorInput = {
  context: 'catalog',
  direction: 'forward',
  stream: 'slot_0123abcd',
  slot: 'slot',
  publication: 'published',
  database: {
    hostname: 'db',
    port: '5432',
    user: 'shop',
    password: 'geheim',
    name: 'shop',
    sslmode: null,
    certificates: {},
  },
  serverVersion: 180_000,
  tables: [
    { schema: 'public', table: 'products' },
    { schema: 'odd', table: 'a.b, "c"' },
    { schema: 'strangler', table: 'signal' },
  ],
  keyColumns: [{ table: { schema: 'odd', table: 'a.b, "c"' }, columns: ['x', 'y'] }],
};
const config = connectorConfig(input);

test('a server that does not know a time-out is not asked for it', () => {
  const options = (serverVersion: number) =>
    connectorConfig({ ...input, serverVersion })['driver.options'];
  expect(options(140_000)).toContain('-c idle_session_timeout=0');
  expect(options(130_023)).not.toContain('idle_session_timeout');
});

describe('the connector', () => {
  test.each(Object.keys(essentialSettings))('%s is set', (setting) =>
    expect(config[setting]).toBeDefined(),
  );

  test.each([
    ['snapshot.mode', 'no_data'],
    ['publication.autocreate.mode', 'disabled'],
    ['skipped.operations', 'none'],
    ['provide.transaction.metadata', 'true'],
    ['errors.tolerance', 'none'],
    ['offset.mismatch.strategy', 'trust_offset'],
    ['slot.drop.on.stop', 'false'],
    ['tombstones.on.delete', 'true'],
    ['value.converter.schemas.enable', 'false'],
    ['value.converter.replace.null.with.default', 'false'],
    ['topic.prefix', 'slot_0123abcd'],
    ['slot.name', 'slot'],
    ['publication.name', 'published'],
    ['time.precision.mode', 'microseconds'],
  ])('%s is %s', (setting, value) => expect(config[setting]).toBe(value));

  test('large values that an update left alone are marked by what no real text can be', () =>
    expect(config['unavailable.value.placeholder']).toBe(unavailable));

  test('reads just the named tables: a dot or a comma in a name is itself', () => {
    expect(config['table.include.list']).toBe(
      'odd\\.a\\.b\\, "c",public\\.products,strangler\\.signal',
    );
    const [odd] = (config['table.include.list'] ?? '')
      .split(/(?<!\\),/)
      .map((pattern) => new RegExp(`^(?:${pattern})$`));
    expect([odd?.test('odd.a.b, "c"'), odd?.test('oddxa.b, "c"')]).toEqual([true, false]);
    expect(config['message.key.columns']).toBe('odd\\.a\\.b\\, "c":x,y');
    const named = (schema: string, table: string) => readsTable(config, { schema, table });
    expect([named('odd', 'a.b, "c"'), named('public', 'products')]).toEqual([true, true]);
    expect([named('odd', 'a.b'), named('public', 'product'), named('', '')]).toEqual(
      Array(3).fill(false),
    );
  });

  test('beats for its own stream only, with names that cannot end the statement', () => {
    const { 'heartbeat.action.query': beat } = connectorConfig({ ...input, context: "o'hara" });
    expect(beat).toBe(
      'UPDATE strangler.heartbeat SET beat = beat + 1, at = clock_timestamp(), slot_seen = CASE WHEN ' +
        "strangler.slot_made_anew(slot_seen, 'slot') THEN slot_seen ELSE strangler.slot_now('slot') END " +
        "WHERE context = 'o''hara' AND direction = 'forward' AND stream = 'slot_0123abcd'",
    );
  });

  test('looks for its slot before it could make one: one statement, its semicolons doubled', () => {
    const statement = config['database.initial.statements'] ?? '';
    expect(statement.replaceAll(';;', '')).not.toContain(';');
    expect(statement).toMatch(
      /NOT EXISTS \(SELECT FROM pg_replication_slots WHERE slot_name = 'slot'\) THEN RAISE EXCEPTION/,
    );
    expect(statement).toMatch(
      /strangler\.slot_made_anew\(slot_seen, 'slot'\)\) THEN RAISE EXCEPTION 'replication slot slot was made anew/,
    );
  });

  test('a context file may tune it, and not touch what correctness hangs on', () => {
    expect(
      connectorConfig({ ...input, extra: { 'max.batch.size': '100', 'poll.interval.ms': '70' } }),
    ).toMatchObject({ 'max.batch.size': '100', 'poll.interval.ms': '70' });
    const certificates = { sslrootcert: '/ours/ca.crt' };
    const withCa = { ...input, database: { ...input.database, certificates } };
    expect(connectorConfig(withCa)).toMatchObject({ 'database.sslrootcert': '/ours/ca.crt' });
    const extra = { 'database.sslrootcert': '/connects/ca.crt' };
    expect(connectorConfig({ ...withCa, extra })).toMatchObject(extra);
    for (const setting of Object.keys(essentialSettings).filter(
      (one) => one !== 'heartbeat.interval.ms',
    )) {
      expect(() => connectorConfig({ ...input, extra: { [setting]: 'x' } })).toThrow(
        `contexts/catalog: replication.connect sets "${setting}", which the toolkit sets`,
      );
    }
    expect(() => connectorConfig({ ...input, extra: { 'heartbeat.interval.ms': '0' } })).toThrow(
      'heartbeat.interval.ms',
    );
  });
});

describe('what people see', () => {
  test('has no password, but the name of the secret that is referred to', () => {
    expect(shownConfig(config)['database.password']).toBe('***');
    expect(
      shownConfig({
        'database.password': '${file:/run/secrets/db:password}',
        'database.sslpassword': 'x',
        'producer.override.sasl.jaas.config': 'y',
      }),
    ).toEqual({
      'database.password': '${file:/run/secrets/db:password}',
      'database.sslpassword': '***',
      'producer.override.sasl.jaas.config': '***',
    });
    expect(JSON.stringify(shownConfig(config))).not.toContain('geheim');
    // A password that begins like a reference is none.
    expect(
      shownConfig({
        'database.password': '${hunter2',
        'database.ssl.password': '${x}y',
        'value.converter.basic.auth.user.info': 'me:x',
      }),
    ).toEqual({
      'database.password': '***',
      'database.ssl.password': '***',
      'value.converter.basic.auth.user.info': '***',
    });
  });

  test('has no control characters', () =>
    expect(shownConfig(config)['unavailable.value.placeholder']).toContain(
      'strangler\\u0000unchanged',
    ));

  test('differences are lines; what Connect adds is none', () => {
    expect(configDifferences({ ...config, name: 'slot_0123abcd' }, config)).toEqual([]);
    const { 'tasks.max': _one, ...less } = config;
    expect(
      configDifferences(
        { ...less, 'database.password': 'old', 'poll.interval.ms': '500', added: 'x' },
        config,
      ),
    ).toEqual([
      'added: x is removed',
      'database.password: changed',
      'poll.interval.ms: 500 → 50',
      'tasks.max: set to 1',
    ]);
  });
});
