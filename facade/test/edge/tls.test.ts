import { copyFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import tls, { type PeerCertificate } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Authority,
  makeAuthority,
  type Signed,
  temporaryFolder,
  until,
} from '@strangler-toolkit/dev-stack';
import { pino } from 'pino';
import { ask, askRaw } from '../support/client.ts';
import { itemsContext } from '../support/contexts.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { type RunningFacade, startFacade } from '../support/facade.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

/** Whose certificate the other end showed. */
const nameOf = (socket: object): string =>
  String(((socket as tls.TLSSocket).getPeerCertificate() as PeerCertificate).subject.CN);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let ours: Authority;
let stranger: Authority;
let first: Signed;
let second: Signed;
let strange: Signed;
beforeAll(async () => {
  folder = await temporaryFolder('edge-tls');
  [ours, stranger] = await Promise.all([
    makeAuthority(folder.path, 'ours'),
    makeAuthority(folder.path, 'stranger'),
  ]);
  first = await ours.sign('first');
  second = await ours.sign('second');
  strange = await stranger.sign('strange');
});
afterAll(() => folder.remove());

let facade: RunningFacade | undefined;
let monolith: Upstream | undefined;
let secured: https.Server | undefined;
afterEach(async () => {
  await facade?.stop();
  await monolith?.close();
  secured?.closeAllConnections();
  secured?.close();
  facade = monolith = secured = undefined;
});

describe('clients speak TLS', () => {
  /** Who the facade says that it is, and what it answers. */
  const askSecurely = (port: number): Promise<{ name: string; body: string }> =>
    new Promise((resolve, reject) => {
      const asked = https.get(
        { host: '127.0.0.1', port, path: '/', ca: readFileSync(ours.ca), agent: false },
        (answer) => {
          const name = nameOf(answer.socket);
          let body = '';
          answer.on('data', (chunk) => (body += String(chunk)));
          answer.on('end', () => resolve({ name, body }));
        },
      );
      asked.on('error', reject);
    });
  const at = (name: string): string => join(folder.path, name);
  const use = async ({ cert, key }: Signed): Promise<void> => {
    await copyFile(key, at('tls.key'));
    await copyFile(cert, at('tls.crt'));
  };
  const lines: string[] = [];
  const start = async (): Promise<RunningFacade> => {
    monolith = await startUpstream('monolith');
    lines.length = 0;
    facade = await startFacade({
      contexts: [],
      monolithUrl: monolith.url,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
      edge: { tls: { cert: at('tls.crt'), key: at('tls.key') }, tlsLookSeconds: 0.02 },
    });
    return facade;
  };

  test('and the upstream hears that they do; a certificate that is written anew is shown without a restart', async () => {
    await use(first);
    const { port } = await start();
    expect(await askSecurely(port)).toEqual({ name: 'first', body: '{"from":"monolith"}' });
    expect(monolith?.seen[0]?.headers).toMatchObject({ 'x-forwarded-proto': 'https' });
    const open = tls.connect({ host: '127.0.0.1', port, ca: readFileSync(ours.ca) });
    open.on('error', () => {});
    await use(second);
    await until('the new one', async () => (await askSecurely(port)).name === 'second');
    // who is there already stays
    let heard = '';
    open.on('data', (chunk) => (heard += String(chunk)));
    open.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until('an answer', () => heard.includes('{"from":"monolith"}'));
    open.destroy();
  });

  test('files that are no good change nothing, and the log says what is wrong', async () => {
    await use(first);
    const { port } = await start();
    await writeFile(at('tls.crt'), 'no certificate');
    const refused = () => lines.filter((line) => line.includes('certificates are not taken'));
    await until('it is seen', () => refused().length > 0);
    expect((await askSecurely(port)).name).toBe('first');
    // the key of another one
    await copyFile(second.cert, at('tls.crt'));
    await until('it is seen', () => refused().length > 1);
    expect((await askSecurely(port)).name).toBe('first');
    expect(refused()).toHaveLength(2);
  });

  test('who does not is let go, and others do not notice', async () => {
    await use(first);
    const { port } = await start();
    expect(await askRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).not.toContain('monolith');
    expect((await askSecurely(port)).name).toBe('first');
  });

  test('a facade without its certificate, or with the key of another, does not start', async () => {
    const starting = (edge: object) =>
      startFacade({ contexts: [], monolithUrl: 'http://127.0.0.1:9', edge });
    await expect(starting({ tls: { cert: at('none'), key: first.key } })).rejects.toThrow(
      /tls\.cert: .*none cannot be read/,
    );
    await expect(starting({ tls: { cert: first.cert, key: second.key } })).rejects.toThrow(
      /edge: tls: .*mismatch/,
    );
  });
});

describe.each(['undici', 'middleware'] as const)(
  '%s: an upstream of which nothing is said',
  (forwarder) => {
    const before = tls.getCACertificates('default');
    let trusting: DnsServer | undefined;
    afterEach(async () => {
      tls.setDefaultCACertificates(before);
      await trusting?.close();
      trusting = undefined;
    });

    test('must have the name in its address, whatever host clients ask for, and they share its connections', async () => {
      const { cert, key } = await ours.sign('named', 'DNS:shop.test');
      tls.setDefaultCACertificates([...before, readFileSync(ours.ca, 'utf8')]);
      const names: unknown[] = [];
      let connections = 0;
      secured = https.createServer(
        { cert: readFileSync(cert), key: readFileSync(key) },
        (request, response) => {
          names.push((request.socket as tls.TLSSocket & { servername: unknown }).servername);
          request.resume();
          response.end(request.headers.host);
        },
      );
      secured.on('upgrade', (request, socket) => {
        names.push((request.socket as tls.TLSSocket & { servername: unknown }).servername);
        socket.end('HTTP/1.1 410 Seen\r\n\r\n');
      });
      secured.on('secureConnection', () => void connections++);
      const server = secured;
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const listening = server.address();
      const port = typeof listening === 'object' && listening ? listening.port : 0;
      trusting = await startDnsServer();
      trusting.set('shop.test', ['127.0.0.1']);
      facade = await startFacade({
        contexts: [],
        monolithUrl: `https://shop.test:${port}`,
        forwarder,
        dnsServers: [trusting.address],
      });
      for (const host of ['shop.example.com', 'evil.example', 'shop.example.com', '127.0.0.1'])
        expect(await ask(facade.port, '/', { headers: { host } })).toMatchObject({
          status: 200,
          body: host,
        });
      // the one after the other has the same connection, whatever host it asks for
      expect(connections).toBe(1);
      const shake = 'Host: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      expect(await askRaw(facade.port, `GET / HTTP/1.1\r\n${shake}`)).toMatch(/^HTTP\/1.1 410 /);
      expect(new Set(names)).toEqual(new Set(['shop.test']));
      // a client that says the name that a wrong certificate has changes nothing
      await facade.stop();
      const running = await startFacade({
        contexts: [],
        monolithUrl: `https://other.test:${port}`,
        forwarder,
        dnsServers: [trusting.address],
      });
      facade = running;
      trusting.set('other.test', ['127.0.0.1']);
      expect((await ask(running.port, '/', { headers: { host: 'shop.test' } })).status).toBe(502);
    });
  },
);

describe.each(['undici', 'middleware'] as const)('%s: an upstream', (forwarder) => {
  let shown: string[];
  const startSecured = async (): Promise<string> => {
    shown = [];
    secured = https.createServer(
      {
        cert: readFileSync(first.cert),
        key: readFileSync(first.key),
        ca: readFileSync(ours.ca),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        shown.push(nameOf(request.socket));
        request.resume();
        response.setHeader('content-type', 'application/json').end('{"from":"secured"}');
      },
    );
    await new Promise<void>((resolve) => secured?.listen(0, '127.0.0.1', resolve));
    const address = secured.address();
    return `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  };
  const serve = async (address: string, more: object): Promise<RunningFacade> => {
    facade = await startFacade({
      contexts: [itemsContext('shared', address, address)],
      monolithUrl: address,
      forwarder,
      edge: { upstreamTls: [{ address, ...more }], tlsLookSeconds: 0.02 },
      fixedFlags: { 'items.list.shadow': true },
      limits: { healthMs: 50 },
    });
    return facade;
  };
  const hello = { headers: { host: 'shop.example.com' } };

  test('is shown who asks, also by shadows and by who looks at its health, whatever host a client asks for', async () => {
    const address = await startSecured();
    const running = await serve(address, {
      ca: ours.ca,
      cert: second.cert,
      key: second.key,
    });
    const { port } = running;
    expect(await ask(port, '/api/items', hello)).toMatchObject({
      status: 200,
      body: '{"from":"secured"}',
    });
    expect((await ask(port, '/other', hello)).status).toBe(200);
    await until(
      'a comparison',
      async () => (await running.metric(/^facade_shadow_total.*outcome="match"/)) === 1,
    );
    await until(
      'its health',
      async () => (await running.readiness()).contexts.items?.upstreams.monolith?.up === true,
    );
    secured?.on('upgrade', (request, socket) => {
      shown.push(nameOf(request.socket));
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      );
    });
    const upgrade = 'Host: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(await askRaw(port, `GET /chat HTTP/1.1\r\n${upgrade}`)).toContain('HTTP/1.1 101 ');
    // two requests, a shadow, a look at its health, a handshake
    expect(shown.length).toBeGreaterThanOrEqual(5);
    expect(new Set(shown)).toEqual(new Set(['second']));
  });

  test('that does not know who asks, or is signed by a stranger, is not reached', async () => {
    const address = await startSecured();
    const nobody = await serve(address, { ca: ours.ca });
    expect((await ask(nobody.port, '/other', hello)).status).toBe(502);
    await nobody.stop();
    const { cert, key } = strange;
    const other = await serve(address, { ca: ours.ca, cert, key });
    expect((await ask(other.port, '/other', hello)).status).toBe(502);
    await other.stop();
    const trusting = await serve(address, { ca: stranger.ca, ...second });
    expect((await ask(trusting.port, '/other', hello)).status).toBe(502);
    expect(shown).toEqual([]);
  });

  test('must have the name that it is to have', async () => {
    const address = await startSecured();
    const { port } = await serve(address, {
      ca: ours.ca,
      ...second,
      serverName: 'catalog.internal',
    });
    expect((await ask(port, '/other', hello)).status).toBe(502);
    expect(shown).toEqual([]);
  });

  test('is shown a certificate that was written anew', async () => {
    const address = await startSecured();
    const [cert, key] = [join(folder.path, 'own.crt'), join(folder.path, 'own.key')];
    await copyFile(first.cert, cert);
    await copyFile(first.key, key);
    const { port } = await serve(address, { ca: ours.ca, cert, key });
    await ask(port, '/other', hello);
    await copyFile(second.key, key);
    await copyFile(second.cert, cert);
    secured?.closeAllConnections();
    await until('the new one', async () => {
      secured?.closeAllConnections();
      await ask(port, '/other', hello);
      return shown.at(-1) === 'second';
    });
  });
});
