import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { makeAuthority } from '@strangler-toolkit/dev-stack';
import { startBroker } from '../../../contracts/test/support/pact-broker.ts';
import { brokerShop, quote } from '../support/broker-shop.ts';
import { cli, json } from '../support/cli.ts';

const shop = brokerShop('broker_commands');

describe('the command line', () => {
  let repository: string;
  const git = (...args: string[]) =>
    promisify(execFile)('git', [
      ...['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t'],
      ...args,
    ]);
  beforeAll(async () => {
    repository = join(shop.folder, 'consumer');
    await mkdir(join(repository, 'pacts'), { recursive: true });
    await writeFile(join(repository, 'client.js'), '1');
    await git('init', '-q', '-b', 'feat/quotes');
    await git('add', '.');
    await git('commit', '-qm', 'one');
  });
  const publish = (args: string[], more: Record<string, string | undefined> = {}) =>
    cli(['contracts', 'publish', join(repository, 'pacts'), ...args], shop.environment(more));
  const write = (pact: object, name = 'web-shop.json') =>
    writeFile(join(repository, 'pacts', name), JSON.stringify(pact));

  test('publishes what the consumer test wrote, as the commit on its branch, and shows what the broker says', async () => {
    await write(quote('web'));
    const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
    const dry = await publish(['--tag', 'dev', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringContaining(`version ${commit}, branch feat/quotes, tags dev`),
    ]);
    expect(shop.broker.heard).toEqual([]);
    const { code, stdout, stderr } = await publish(['--tag', 'dev', '--build-url', 'http://ci/1']);
    expect([code, stdout]).toEqual([
      0,
      `web ${commit} (feat/quotes): pacts with shop published\nat ${shop.broker.url}\n`,
    ]);
    expect(stderr).toMatch(/success: Pact successfully published for web version/);
    expect(shop.broker.versions.get(`web ${commit}`)).toEqual({
      branch: 'feat/quotes',
      tags: ['dev'],
      buildUrl: 'http://ci/1',
    });
    expect(shop.broker.pacts[0]?.content).toEqual(quote('web'));
  });

  test('a version is published once: changed content of it is refused with the words of the broker, exit 8', async () => {
    await write(quote('web'));
    await publish(['--consumer-version', '1']);
    await write(quote('web', '/other'));
    const again = await publish(['--consumer-version', '1', '--json']);
    expect(again.code).toBe(8);
    expect(json<{ error: object }>(again).error).toMatchObject({
      code: 'BROKER_CONFLICT',
      message: expect.stringContaining('Cannot change the content of the pact for web version 1'),
    });
  });

  test('a version that nobody could look up is none: a client with changes, exit 2', async () => {
    await write(quote('web'));
    await writeFile(join(repository, 'client.js'), '2');
    const { code, stderr } = await publish([]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('CONTRACTS_VERSION_UNKNOWN')]);
    await git('checkout', '-q', '--', 'client.js');
    expect(shop.broker.heard).toEqual([]);
  });

  test('two files that say the same pair are refused, and a context publishes the pacts of its provider', async () => {
    await write(quote('web'));
    await write(quote('web', '/other'), 'web-shop-2.json');
    expect((await publish(['--consumer-version', '1'])).stderr).toMatch(
      /are both pacts of web with shop/,
    );
    await write({ ...quote('web'), provider: { name: 'other' } }, 'web-shop-2.json');
    const contexts = await shop.contextsWith({
      contracts: { pacts: join(repository, 'pacts'), provider: 'shop' },
    });
    const { code, stdout } = await cli(
      ['contracts', 'publish', 'shop', '--consumer-version', '2'],
      shop.environment({ STRANGLER_CONTEXTS: contexts }),
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining('pacts with shop published')]);
    expect(shop.broker.pacts.map(({ provider }) => provider)).toEqual(['shop']);
  });

  test('without a broker there is nothing to publish to', async () => {
    const { code, stderr } = await publish(['--consumer-version', '1'], {
      PACT_BROKER_BASE_URL: undefined,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('PACT_BROKER_BASE_URL is not set')]);
  });

  test('a certificate that nobody here knows, and a file that is not there', async () => {
    const authority = await makeAuthority(shop.folder, 'own');
    const { key, cert } = await authority.sign('broker');
    const secure = await startBroker({
      tls: { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') },
    });
    try {
      const made = (PACT_BROKER_CA_FILE?: string) =>
        cli(
          ['contracts', 'environment', 'production'],
          shop.environment({ PACT_BROKER_BASE_URL: secure.url, PACT_BROKER_CA_FILE }),
        );
      expect((await made()).stderr).toMatch(/TLS_FAILED: /);
      expect((await made(`${authority.ca}-gone`)).stderr).toMatch(/TLS_FILE: .*cannot be read/);
      expect((await made(authority.ca)).code).toBe(0);
    } finally {
      await secure.stop();
    }
  });

  test('makes an environment once', async () => {
    const made = () => cli(['contracts', 'environment', 'staging'], shop.environment());
    expect((await made()).stdout).toBe('environment staging made\n');
    expect((await made()).stdout).toBe('environment staging is there already\n');
  });

  test('makes the webhook that starts the pipeline of the provider, and renews it; its secret is in no output', async () => {
    const secret = 'Bearer gh-0123456789';
    const hook = (...args: string[]) =>
      cli(
        ['contracts', 'webhook', 'shop', '--url', 'https://ci.example.com/hook', ...args],
        shop.environment({ DISPATCH_AUTH: secret }),
      );
    const header = ['--secret-header', 'Authorization=DISPATCH_AUTH'];
    const [first, second] = [await hook(...header), await hook(...header, '--json')];
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/^webhook "verify the pacts of shop" made: POST/),
    ]);
    expect(json(second)).toMatchObject({ created: false });
    expect([...shop.broker.webhooks.values()]).toMatchObject([
      {
        provider: { name: 'shop' },
        events: [{ name: 'contract_requiring_verification_published' }],
        request: { method: 'POST', headers: { Authorization: secret } },
      },
    ]);
    for (const { stdout, stderr } of [first, second, await hook(...header, '--dry-run')]) {
      expect(stdout + stderr).not.toContain('gh-0123');
      expect(stdout + stderr).not.toContain(shop.token);
    }
    expect((await hook('--secret-header', 'Authorization=NOT_SET')).code).toBe(2);
  });
});
