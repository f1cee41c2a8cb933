import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { ask, askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type DnsServer, startDnsServer } from './support/dns-server.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

/** What readiness and `/metrics` tell of a name. */
interface Told {
  readonly status: string;
  readonly names?: {
    readonly name: string;
    readonly problem: string;
    readonly addresses: string[];
  }[];
}

let dns: DnsServer;
let facade: RunningFacade | undefined;
let running: Upstream[];
beforeEach(async () => {
  dns = await startDnsServer();
  running = [];
});
afterEach(async () => {
  await facade?.stop();
  facade = undefined;
  await Promise.all(running.map((upstream) => upstream.close()));
  await dns.close();
});

const at = async (
  host: string,
  port = 0,
  handler?: Parameters<typeof startUpstream>[1],
): Promise<Upstream> => {
  const upstream = await startUpstream(host, handler, port, host);
  running.push(upstream);
  return upstream;
};
const start = async (
  monolithUrl: string,
  options: Partial<Parameters<typeof startFacade>[0]> = {},
): Promise<RunningFacade> => {
  facade = await startFacade({ contexts: [], monolithUrl, dnsServers: [dns.address], ...options });
  return facade;
};
const answeredBy = async (times: number, path = '/'): Promise<Set<string>> => {
  const all = await Promise.all(Array.from({ length: times }, () => ask(facade?.port ?? 0, path)));
  return new Set(all.map(({ status, body }) => `${status} ${body}`));
};
const by = (...hosts: string[]): Set<string> =>
  new Set(hosts.map((host) => `200 {"from":"${host}"}`));
const told = async (): Promise<Told> =>
  JSON.parse((await ask(facade?.adminPort ?? 0, '/health/ready')).body) as Told;

describe.each(['undici', 'middleware'] as const)(
  '%s: an upstream given by its name',
  (forwarder) => {
    test('is all addresses of it; one that vanishes ends what it was asked, and gets nothing new', async () => {
      const waiting: ServerResponse[] = [];
      const two = await at('127.0.0.2', 0, (request, response) => {
        if (request.url === '/slow') waiting.push(response);
        else response.end('{"from":"127.0.0.2"}');
      });
      await at('127.0.0.3', two.port);
      await at('127.0.0.4', two.port);
      dns.set('shop.test', ['127.0.0.2', '127.0.0.3']);
      const { port } = await start(`http://shop.test:${two.port}`, { forwarder });
      expect(await answeredBy(12)).toEqual(by('127.0.0.2', '127.0.0.3'));
      const slow = Array.from({ length: 2 }, () => ask(port, '/slow'));
      await until('one of them is there', () => waiting.length > 0);
      dns.set('shop.test', ['127.0.0.3', '127.0.0.4']);
      await until('the other one is known', async () =>
        (await answeredBy(6)).has('200 {"from":"127.0.0.4"}'),
      );
      const before = two.seen.length;
      expect(await answeredBy(12)).toEqual(by('127.0.0.3', '127.0.0.4'));
      expect(two.seen).toHaveLength(before);
      for (const response of waiting) response.end('late');
      expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200]);
      // idle connections to who is gone are closed, not kept
      await until(
        'nobody is connected',
        () =>
          new Promise<boolean>((resolve) => {
            two.server.getConnections((_error, count) => resolve(count === 0));
          }),
      );
    });

    test('is looked up again when a connection fails, however long its addresses were to hold', async () => {
      const two = await at('127.0.0.2');
      dns.set('shop.test', ['127.0.0.2'], 300);
      const limits = { dnsMs: 3_600_000 };
      const { port } = await start(`http://shop.test:${two.port}`, { forwarder, limits });
      expect(await answeredBy(2)).toEqual(by('127.0.0.2'));
      await two.close();
      await at('127.0.0.3', two.port);
      dns.set('shop.test', ['127.0.0.3'], 300);
      await until('the new one is found', async () => (await ask(port, '/')).status === 200);
      expect(await answeredBy(2)).toEqual(by('127.0.0.3'));
    });

    test('of a service has the ports of its SRV records, and those of a later priority when the first are gone', async () => {
      const [first, second] = [await at('127.0.0.2'), await at('127.0.0.3')];
      dns.set('a.test', ['127.0.0.2']);
      dns.set('b.test', ['127.0.0.3']);
      dns.set('_shop._tcp.test', [
        { name: 'a.test', port: first.port, priority: 1 },
        { name: 'b.test', port: second.port, priority: 2 },
      ]);
      const shop = 'http://_shop._tcp.test';
      await start(shop, {
        forwarder,
        contexts: [itemsContext('shared', shop, shop)],
        fixedFlags: { 'items.list.shadow': true },
        limits: { healthMs: 50 },
      });
      expect(await answeredBy(6)).toEqual(by('127.0.0.2'));
      expect(await answeredBy(1, '/api/items')).toEqual(by('127.0.0.2'));
      // its mirrored reads and looks at its health go there as well
      await until(
        'a comparison',
        async () => (await facade?.metric(/^facade_shadow_total.*match"/)) === 1,
      );
      await until(
        'its health',
        async () => (await facade?.readiness())?.contexts.items?.upstreams.service?.up,
      );
      expect(second.seen).toEqual([]);
      await first.close();
      await until('the second serves', async () => {
        const answers = await answeredBy(4);
        return answers.size === 1 && answers.has('200 {"from":"127.0.0.3"}');
      });
    });

    test('is the same for handshakes of WebSockets', async () => {
      const two = await at('127.0.0.2');
      const gone = await at('127.0.0.3', two.port);
      for (const { server } of [two, gone])
        server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 410 Seen\r\n\r\n'));
      await gone.close();
      dns.set('shop.test', ['127.0.0.2', '127.0.0.3']);
      const { port } = await start(`http://shop.test:${two.port}`, { forwarder });
      const shake =
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      for (let time = 0; time < 6; time++)
        expect(await askRaw(port, shake)).toMatch(/^HTTP\/1.1 410 /);
    });

    test('that DNS does not know is what the system makes of it, in whichever family somebody listens', async () => {
      const local = await at('127.0.0.1');
      const { port } = await start(`http://localhost:${local.port}`, { forwarder });
      for (let time = 0; time < 3; time++)
        expect((await ask(port, '/', { method: 'POST', body: 'x' })).body).toBe(
          '{"from":"127.0.0.1"}',
        );
      expect(dns.asked).toContain('localhost A');
      expect(await facade?.metric(/^facade_name_addresses\{name="localhost"\}/)).toBe(1);
    });
  },
);

test('with both families is one instance for each address of the first; where nobody listens there, the other family has it', async () => {
  const six = await at('::1');
  dns.set('shop.test', ['127.0.0.9', '::1']);
  const { port } = await start(`http://shop.test:${six.port}`);
  for (let time = 0; time < 3; time++)
    expect((await ask(port, '/', { method: 'POST', body: 'x' })).body).toBe('{"from":"::1"}');
  expect(await facade?.metric(/^facade_name_addresses/)).toBe(1);
});

test('a server of DNS that fails for AAAA is believed for A', async () => {
  const two = await at('127.0.0.2');
  dns.failing = 'AAAA';
  dns.set('shop.test', ['127.0.0.2']);
  await start(`http://shop.test:${two.port}`);
  expect(await answeredBy(2)).toEqual(by('127.0.0.2'));
  expect(await told()).not.toHaveProperty('names');
});

test('a name keeps its last addresses while nobody can tell others, and whoever looks hears of it', async () => {
  const two = await at('127.0.0.2');
  dns.set('shop.test', ['127.0.0.2']);
  await start(`http://shop.test:${two.port}`, { limits: { dnsMs: 500 } });
  expect(await told()).not.toHaveProperty('names');
  dns.failing = true;
  const { names } = await until('it is told', async () => {
    const now = await told();
    return now.names && now;
  });
  expect(names).toMatchObject([
    {
      name: 'shop.test',
      addresses: ['127.0.0.2'],
      problem: 'ESERVFAIL',
    },
  ]);
  expect((await told()).status).toBe('degraded');
  expect(await facade?.metric(/^facade_name_known\{name="shop.test"\}/)).toBe(0);
  expect(await answeredBy(4)).toEqual(by('127.0.0.2'));
  // no such name any more: nor is that a reason to serve nobody
  dns.failing = false;
  dns.set('shop.test', []);
  await until('it is told', async () => (await told()).names?.[0]?.problem === 'ENOTFOUND');
  expect(await answeredBy(4)).toEqual(by('127.0.0.2'));
  dns.set('shop.test', ['127.0.0.2']);
  await until('it is well', async () => !(await told()).names);
  expect(await facade?.metric(/^facade_name_known\{name="shop.test"\}/)).toBe(1);
});

test('one that a handshake tries again while the others vanish is asked like any other when they are back', async () => {
  const two = await at('127.0.0.2');
  await at('127.0.0.3', two.port);
  await two.close();
  dns.set('shop.test', ['127.0.0.2', '127.0.0.3']);
  const { port } = await start(`http://shop.test:${two.port}`);
  const addresses = async (): Promise<number | undefined> =>
    facade?.metric(/^facade_name_addresses/);
  await until('it is left alone', async () => {
    await answeredBy(4);
    return (await facade?.metric(/^facade_upstream_instances\{.*ejected/)) === 1;
  });
  const back = await at('127.0.0.2', two.port);
  const shaking: Socket[] = [];
  for (const { server } of running)
    server.on('upgrade', (_request, socket) => shaking.push(socket as Socket));
  const shake = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const answers: Promise<string>[] = [];
  const tried = (): boolean => shaking.some((socket) => socket.localAddress === '127.0.0.2');
  await until('a handshake tries it', () => {
    if (!tried()) answers.push(askRaw(port, shake));
    return tried();
  });
  dns.set('shop.test', ['127.0.0.2']);
  await until('it is the only one', async () => (await addresses()) === 1);
  for (const socket of shaking) socket.end('HTTP/1.1 410 Seen\r\n\r\n');
  await Promise.all(answers);
  dns.set('shop.test', ['127.0.0.2', '127.0.0.3']);
  await until('both are known', async () => (await addresses()) === 2);
  expect(back.seen).toEqual([]);
  const asked = async (): Promise<boolean> => (await answeredBy(4)).has('200 {"from":"127.0.0.2"}');
  await until('it is asked', asked, { withinMs: 20_000 });
});

test('servers of DNS that are no addresses are refused', async () => {
  await expect(start('http://shop.test', { dnsServers: ['dns.test'] })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('FACADE_DNS_SERVERS'),
  });
});

test('0 leaves names to the system', async () => {
  const local = await at('127.0.0.1');
  const { port } = await start(`http://localhost:${local.port}`, { limits: { dnsMs: 0 } });
  expect((await ask(port, '/')).status).toBe(200);
  expect(dns.asked).toEqual([]);
});
