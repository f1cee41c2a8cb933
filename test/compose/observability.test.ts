import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { createMetrics } from '@strangler-toolkit/service-kit';
import { parse } from 'yaml';
import pg from 'pg';
import { facadeMetrics } from '../../facade/src/telemetry/metrics.ts';
import { openControl } from '../../migration/src/control/index.ts';
import { workerMetrics } from '../../migration/src/telemetry/worker-metrics.ts';
import { loadCompose, parseEnvFile, type ComposeFile } from './support/compose-file.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): Promise<string> => readFile(join(repository, file), 'utf8');

/** As Grafana fills them in when everything is chosen. */
const filled = (text: string): string =>
  text
    .replaceAll('${context:pipe}', '.*')
    .replaceAll(/\$(context|instance)/g, '.*')
    .replaceAll('$__timeFilter(at)', "at > now() - interval '1 day'");

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly {
    readonly datasource: { readonly uid: string; readonly type: string };
    readonly expr?: string;
    readonly rawSql?: string;
  }[];
}

interface Dashboard {
  readonly panels: Panel[];
  readonly templating: {
    readonly list: { readonly name: string; readonly query: string; readonly allValue: string }[];
  };
  readonly annotations: { readonly list: { readonly target: { readonly rawSql: string } }[] };
}

let compose: ComposeFile;
let dashboard: Dashboard;
let panels: Panel[];
let datasources: {
  uid: string;
  type: string;
  url: string;
  user?: string;
  secureJsonData?: { password: string };
}[];
beforeAll(async () => {
  compose = await loadCompose(
    join(repository, 'docker-compose.yml'),
    parseEnvFile(await read('.env.example')),
  );
  dashboard = JSON.parse(await read('deploy/grafana/dashboards/strangler.json')) as Dashboard;
  ({ panels } = dashboard);
  datasources = (
    parse(await read('deploy/grafana/provisioning/datasources/strangler.yml')) as {
      datasources: typeof datasources;
    }
  ).datasources;
});
const targets = () =>
  panels.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({ panel: panel.title, ...target })),
  );

/** Every series of facade, worker and services, with the labels that each may have. */
async function series(): Promise<Map<string, Set<string>>> {
  const known = new Map([['up', new Set(['instance', 'job'])]]);
  for (const { registry } of [facadeMetrics(), workerMetrics(), createMetrics('catalog')]) {
    for (const metric of registry.getMetricsAsArray() as unknown as {
      name: string;
      type: string;
      labelNames?: string[];
    }[]) {
      const labels = new Set(['instance', 'job', 'service', ...(metric.labelNames ?? [])]);
      known.set(metric.name, labels);
      if (metric.type === 'histogram')
        for (const part of ['_bucket', '_sum', '_count'])
          known.set(metric.name + part, new Set([...labels, 'le']));
    }
  }
  return known;
}

/** Names of series and labels of a PromQL expression that nobody exports. */
function unknownIn(expr: string, known: Map<string, Set<string>>): string[] {
  const names = [
    ...expr.matchAll(/\b((?:facade|http|process|nodejs|strangler)_\w+|up(?=\{))/g),
  ].map((match) => match[1] ?? '');
  const labelsIn = (list = ''): string[] =>
    list.split(',').map((part) => part.trim().split(/[=!~]/)[0] ?? '');
  const lacks = (name: string, label: string): boolean => known.get(name)?.has(label) === false;
  const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => labelsIn(list));
  const selected = [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, name = '', list]) =>
    labelsIn(list).flatMap((label) => (lacks(name, label) ? [`${name}{${label}}`] : [])),
  );
  return [
    ...names.filter((name) => !known.has(name)),
    ...grouped
      .filter((label) => names.some((name) => lacks(name, label)))
      .map((label) => `${names.join()}{${label}}`),
    ...selected,
    ...(names.length === 0 ? ['no series at all'] : []),
  ];
}

describe('Prometheus', () => {
  test('asks every facade and service at the port that shows metrics', async () => {
    const { scrape_configs: jobs } = parse(await read('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const asked = jobs.flatMap((job) => job.static_configs.flatMap((entry) => entry.targets));
    expect(asked.sort()).toEqual([
      'catalog:3001',
      'facade-1:8081',
      'facade-2:8081',
      'shipping-rates:3002',
      'worker-1:8082',
      'worker-2:8082',
    ]);
    // The same ports that the health checks use inside the containers.
    for (const facade of ['facade-1', 'facade-2'])
      expect(compose.services[facade]!.environment!.FACADE_ADMIN_HOST).toBe('0.0.0.0');
    for (const target of asked)
      expect(compose.services[target.split(':')[0]!]!.healthcheck!.test.join(' ')).toContain(
        `http://127.0.0.1:${target.split(':')[1]}/health/ready`,
      );
  });

  test('says to facades and workers the token that they ask for', async () => {
    const { scrape_configs: jobs } = parse(await read('deploy/prometheus/prometheus.yml')) as {
      scrape_configs: {
        job_name: string;
        authorization?: { credentials_file: string };
        static_configs: { targets: string[] }[];
      }[];
    };
    const said = jobs.flatMap(({ authorization, static_configs: [first] }) => {
      const secret = /^\/run\/secrets\/(\w+)$/.exec(authorization?.credentials_file ?? '')?.[1];
      const variable = compose.secrets[secret ?? '']?.environment;
      const given = compose.services.prometheus!.secrets?.includes(secret ?? '') === true;
      return (first?.targets ?? []).map((target) => [target.split(':')[0], variable, given]);
    });
    expect(said.filter(([, variable]) => variable !== undefined)).toEqual([
      ['facade-1', 'FACADE_ADMIN_TOKEN', true],
      ['facade-2', 'FACADE_ADMIN_TOKEN', true],
      ['worker-1', 'STRANGLER_WORKER_TOKEN', true],
      ['worker-2', 'STRANGLER_WORKER_TOKEN', true],
    ]);
    const example = parseEnvFile(await read('.env.example'));
    for (const [name, variable] of said)
      if (variable !== undefined)
        expect(compose.services[String(name)]!.environment![String(variable)]).toBe(
          example[String(variable)],
        );
  });
});

describe('the alerts', () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly summary: string; readonly runbook: string };
  }
  let rules: Rule[];
  beforeAll(async () => {
    const { groups } = parse(await read('deploy/prometheus/rules.yml')) as {
      groups: { rules: Rule[] }[];
    };
    rules = groups.flatMap((group) => group.rules);
  });

  test('are about series and labels that facades, workers and services export', async () => {
    const known = await series();
    expect(
      rules.flatMap(({ alert, expr }) => unknownIn(expr, known).map((name) => `${alert}: ${name}`)),
    ).toEqual([]);
    expect(unknownIn('max by (context) (strangler_worker_lags) > 60', known)).toEqual([
      'strangler_worker_lags',
    ]);
  });

  test('name a section of a runbook that is there, and the runbook has none for an alert that is not', async () => {
    const page = 'docs/runbooks/alerts.md';
    const sections = [...(await read(page)).matchAll(/^## (\w+)$/gm)].map((match) => match[1]);
    expect(rules.map(({ alert }) => alert)).toEqual(sections);
    for (const { alert, annotations } of rules)
      expect(annotations.runbook).toBe(`${page}#${alert.toLowerCase()}`);
  });

  test('are each seen to fire by a case of rules.test.yml, which `npm run alerts` runs', async () => {
    const { tests } = parse(await read('deploy/prometheus/rules.test.yml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const fired = tests
      .flatMap((entry) => entry.alert_rule_test)
      .filter((entry) => entry.exp_alerts.length > 0)
      .map((entry) => entry.alertname);
    expect([...new Set(fired)].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  test('reach Prometheus: its configuration names them, and the compose file brings them', async () => {
    const config = parse(await read('deploy/prometheus/prometheus.yml')) as {
      rule_files: string[];
    };
    expect(config.rule_files).toEqual(['rules.yml']);
    expect(compose.services.prometheus!.volumes).toContain(
      './deploy/prometheus/rules.yml:/etc/prometheus/rules.yml:ro',
    );
  });
});

describe('the dashboard', () => {
  test('shows only series and labels that facades, workers and services export', async () => {
    const known = await series();
    expect(
      targets()
        .filter((target) => target.expr)
        .flatMap((target) =>
          unknownIn(target.expr!, known).map((name) => `${target.panel}: ${name}`),
        ),
    ).toEqual([]);
    expect(unknownIn('sum by (side) (rate(facade_request_total[1m]))', known)).toEqual([
      'facade_request_total',
    ]);
    expect(
      unknownIn('sum by (route) (rate(facade_fallbacks_total{owner="x"}[1m]))', known),
    ).toEqual(['facade_fallbacks_total{owner}']);
    expect(known.size).toBeGreaterThan(40);
  });

  test('asks the control database questions that it answers to Grafana, and nothing else', async () => {
    const database = await createTestDatabase('dashboard');
    const control = await openControl(database.url);
    // on a server of many suites, under a name of its own
    const role = `grafana_${randomBytes(4).toString('hex')}`;
    const grants = (await read('deploy/postgres/grafana.sql')).replace(/\bgrafana\b/g, role);
    const owner = new pg.Client(database.url);
    await owner.connect();
    try {
      await owner.query(`CREATE ROLE ${role}; GRANT pg_read_all_data TO ${role}`);
      await owner.query(grants);
      await control.contexts.register('catalog', 'replicated');
      const note = { context: 'catalog', actor: 'test', status: 'done' } as const;
      await control.journal.append({ ...note, step: 'ramp', detail: { percent: 5, from: 0 } });
      await control.journal.append({
        ...note,
        step: 'gates-cutover',
        status: 'refused',
        detail: {
          move: 'cutover',
          gates: [
            { gate: 'lag', ok: false, actual: '9 s', expected: '5 s' },
            { gate: 'verification', ok: true },
          ],
        },
      });
      await control.journal.append({
        ...note,
        step: 'stage',
        detail: { from: 'shadowing', to: 'canary' },
      });
      await control.journal.append({ ...note, step: 'flip', detail: { owner: 'service' } });
      await control.watermarks.upsert({
        context: 'catalog',
        direction: 'forward',
        epoch: 1,
        state: 'streaming',
        workerId: '00000000-0000-0000-0000-000000000001',
      });
      const questions = targets().filter((target) => target.rawSql);
      expect(questions).toHaveLength(5);
      const reader = new pg.Client(database.url);
      await reader.connect();
      try {
        await reader.query(`SET ROLE ${role}`);
        for (const { panel, rawSql } of questions) {
          const { rows } = await reader.query<{ context: string }>(filled(rawSql!));
          expect([panel, rows[0]?.context]).toEqual([panel, 'catalog']);
        }
        for (const { rawSql } of questions) {
          const other = rawSql!.replaceAll('${context:pipe}', 'orders|rates');
          expect((await reader.query(other)).rows).toEqual([]);
        }
        const [moves] = dashboard.annotations.list;
        const { rows } = await reader.query<{ text: string }>(filled(moves!.target.rawSql));
        expect(rows.map(({ text }) => text)).toEqual([
          'catalog: ramp 5 % done',
          'catalog: shadowing → canary',
          'catalog: the service owns',
        ]);
        const [contexts] = dashboard.templating.list;
        expect((await reader.query(contexts!.query)).rows).toEqual([{ context: 'catalog' }]);
        // whatever else there is, or will be, is not for a dashboard
        const { rows: tables } = await reader.query<{ name: string }>(
          `SELECT relname AS name FROM pg_class WHERE relnamespace = 'strangler_control'::regnamespace AND relkind IN ('r', 'p', 'v')
              AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE') ORDER BY 1`,
        );
        expect(tables.map(({ name }) => name)).toEqual(['contexts', 'journal', 'watermarks']);
        await expect(
          reader.query('SELECT FROM strangler_control.shadow_samples'),
        ).rejects.toMatchObject({ code: '42501' });
      } finally {
        await reader.end();
      }
    } finally {
      await owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await owner.end();
      await control.close();
      await database.drop();
    }
  });

  test('lets everything be chosen by context and instance', () => {
    expect(dashboard.templating.list.map(({ name, allValue }) => [name, allValue])).toEqual([
      ['context', '.*'],
      ['instance', '.*'],
    ]);
    expect(
      targets().filter(
        ({ expr, rawSql }) =>
          !(expr?.includes('instance=~"$instance"') || rawSql?.includes('${context:pipe}')),
      ),
    ).toEqual([]);
  });

  test('finds its data sources, which name services of the compose file and take their secret from it', () => {
    expect(
      targets().filter(
        (target) =>
          !datasources.some(
            (source) =>
              source.uid === target.datasource.uid && source.type === target.datasource.type,
          ),
      ),
    ).toEqual([]);
    expect(datasources.map((source) => source.url)).toEqual([
      'http://prometheus:9090',
      'control-db:5432',
    ]);
    const grafana = compose.services.grafana!.environment!;
    expect(datasources[1]).toMatchObject({
      user: 'grafana',
      secureJsonData: { password: '$CONTROL_DB_READER_PASSWORD' },
    });
    expect(grafana.CONTROL_DB_READER_PASSWORD).toBe(
      compose.services['control-db']!.environment!.GRAFANA_PASSWORD,
    );
  });

  test('has panels that do not cover one another', () => {
    const inner = panels.map(({ title, gridPos }) => ({ title, ...gridPos }));
    const covered = inner.flatMap((a, index) =>
      inner
        .slice(index + 1)
        .filter((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
        .map((b) => `${a.title} and ${b.title}`),
    );
    expect(covered).toEqual([]);
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
  });
});
