import net from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { pino } from 'pino';
import { ask, askRaw } from './support/client.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { echo, type RawServer, startRawServer } from './support/raw-server.ts';

/** What every forwarder promises, asked with bytes where a client library would tidy up. */
describe.each(['undici', 'middleware'] as const)('%s', (forwarder) => {
  let monolith: RawServer;
  let facade: RunningFacade;
  let lines: Record<string, unknown>[];
  const serve = async (
    onHead: Parameters<typeof startRawServer>[0],
    limits: Parameters<typeof startFacade>[0]['limits'] = {},
  ): Promise<void> => {
    monolith = await startRawServer(onHead);
    lines = [];
    facade = await startFacade({
      contexts: [],
      monolithUrl: monolith.url,
      forwarder,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
      limits: { wireTimeoutMs: 5_000, ...limits },
    });
  };
  afterEach(async () => {
    await facade?.stop();
    await monolith?.close();
  });

  const get = (path = '/', more: readonly string[] = []): string =>
    [`GET ${path} HTTP/1.1`, 'Host: shop', 'Connection: close', ...more, '', ''].join('\r\n');
  /** A client that hears how its connection ended. */
  const talk = (text: string | Buffer) => {
    const socket = net.connect(facade.port, '127.0.0.1');
    const heard = { text: '', error: '', closed: false };
    socket.on('data', (chunk) => (heard.text += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => (heard.error = error.code ?? 'ERROR'));
    socket.on('close', () => (heard.closed = true));
    socket.write(text);
    return { socket, heard };
  };

  describe('the head', () => {
    test('goes up with the names, order and repetitions of the client', async () => {
      await serve(echo);
      const answer = await askRaw(
        facade.port,
        get('/', ['X-CaSe: 1', 'Cookie: a=1', 'x-two: a', 'Cookie: b=2', 'X-Two: b', 'x_own: 3']),
      );
      const names = [...answer.matchAll(/^(x-case|cookie|x-two|x_own): .*$/gim)].map(
        ([line]) => line,
      );
      // node joins cookies, as it may, and gives repetitions the spelling of the first
      expect(names).toEqual(
        forwarder === 'undici'
          ? ['X-CaSe: 1', 'Cookie: a=1', 'x-two: a', 'Cookie: b=2', 'X-Two: b', 'x_own: 3']
          : ['X-CaSe: 1', 'Cookie: a=1; b=2', 'x-two: a', 'x-two: b', 'x_own: 3'],
      );
    });
    test('may have thousands of lines and 60 kB, both ways', async () => {
      const many = Array.from({ length: 2_500 }, (_, index) => `X-${index}: ${index}`);
      const large = `X-Large: ${'x'.repeat(20_000)}`;
      await serve((socket) =>
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${[...many, large].join('\r\n')}\r\n\r\n`,
        ),
      );
      const answer = await askRaw(facade.port, get('/', [...many, large]));
      for (const line of ['X-0: 0', 'X-1999: 1999', 'X-2499: 2499', large]) {
        expect(answer).toContain(`\r\n${line}\r\n`);
        expect(monolith.heard.join('')).toContain(`\r\n${line}\r\n`);
      }
    });
    test('of a request that is larger than its limit is a 431 with a line in the log', async () => {
      await serve(echo, { headerBytes: 4_000 });
      const answer = await askRaw(facade.port, get('/', [`X-Large: ${'x'.repeat(5_000)}`]));
      expect(answer).toMatch(/^HTTP\/1.1 431 /);
      expect(answer).toContain('"code":"HEADERS_TOO_LARGE"');
      expect(lines).toContainEqual(
        expect.objectContaining({ status: 431, code: 'HEADERS_TOO_LARGE' }),
      );
      expect(await facade.metric(/^facade_rejected_total\{code="HEADERS_TOO_LARGE"/)).toBe(1);
    });
    test('of an answer that is larger than its limit, or no HTTP, has a code of its own', async () => {
      await serve(
        (socket, head) =>
          socket.write(
            head.startsWith('GET /large')
              ? `HTTP/1.1 200 OK\r\nX-Large: ${'x'.repeat(9_000)}\r\nContent-Length: 0\r\n\r\n`
              : 'SSH-2.0-OpenSSH_9.2p1\r\n',
          ),
        { headerBytes: 4_000 },
      );
      for (const path of ['/large', '/ssh']) {
        const answer = await ask(facade.port, path);
        expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'UPSTREAM_UNREADABLE']);
      }
      expect(await facade.metric(/^facade_upstream_failures_total\{.*kind="unreadable"/)).toBe(2);
    });
    test('comes back with a reason in latin-1 and with bytes over 0x7f in values', async () => {
      await serve((socket) =>
        socket.write(
          Buffer.from(
            'HTTP/1.1 200 Tr\u00e8s bien\r\nX-Name: caf\u00e9\r\nContent-Length: 0\r\n\r\n',
            'latin1',
          ),
        ),
      );
      const answer = await askRaw(facade.port, get());
      expect(answer).toContain('\r\nX-Name: caf\u00e9\r\n');
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
    });
  });

  describe('answers without a body', () => {
    test('keep their rules, and the connection goes on', async () => {
      await serve((socket, head) => {
        if (head.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n');
        else if (head.startsWith('GET /204'))
          socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
        else if (head.startsWith('GET /304'))
          socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: "1"\r\n\r\n');
        else echo(socket, head);
      });
      const pipeline = ['HEAD /', 'GET /204', 'GET /304', 'GET /last']
        .map((line) => `${line} HTTP/1.1\r\nHost: shop\r\n\r\n`)
        .join('');
      const { heard, socket } = talk(pipeline);
      await until('the last answer', () => heard.text.includes('GET /last HTTP/1.1'));
      socket.destroy();
      const heads = heard.text
        .split(/(?=HTTP\/1\.1 )/)
        .filter((part) => /^HTTP\/1\.1 \d/.test(part));
      expect(heads.map((head) => head.slice(9, 12))).toEqual(['200', '204', '304', '200']);
      expect(heads[0]).toMatch(/\r\nContent-Length: 12\r\n/);
      expect(heads[1]).not.toMatch(/content-length|transfer-encoding/i);
      expect(heads[2]).toMatch(/\r\nContent-Length: 1234\r\n/);
      expect(heads.slice(0, 3).every((head) => head.endsWith('\r\n\r\n'))).toBe(true);
    });
  });

  describe('1xx', () => {
    test('early hints reach the client before the answer; an upstream’s 100 does not', async () => {
      await serve((socket) =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\nLink: </b.js>; rel=preload\r\n\r\n' +
            'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        ),
      );
      const answer = await askRaw(facade.port, get());
      expect(answer).toMatch(/^HTTP\/1.1 103 Early Hints\r\n/);
      expect(answer).toContain('</a.css>; rel=preload; as=style');
      expect(answer).toContain('</b.js>; rel=preload');
      expect(answer).toMatch(/\r\n\r\nHTTP\/1.1 200 OK\r\n[\s\S]*ok$/);
    });
    test('are not for HTTP/1.0', async () => {
      await serve((socket) =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        ),
      );
      expect(await askRaw(facade.port, 'GET / HTTP/1.0\r\nHost: shop\r\n\r\n')).toMatch(
        /^HTTP\/1.1 200 OK\r\n/,
      );
    });
  });

  describe('trailers', () => {
    test('of an answer come after its body', async () => {
      await serve((socket) =>
        socket.write(
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n',
        ),
      );
      const answer = await askRaw(facade.port, get());
      expect(answer).toMatch(/\r\nTrailer: X-Sum\r\n/i);
      expect(answer).toMatch(/\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    });
    test('of a request go up after its body', async () => {
      await serve((socket, head) => {
        if (head.includes('X-Sum: 7')) echo(socket, 'done');
      });
      const answer = await askRaw(
        facade.port,
        'POST / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n' +
          '2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n',
      );
      expect(answer).toContain('done');
      expect(monolith.heard.join('')).toMatch(/\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    });
  });

  describe('an answer that breaks off', () => {
    test.each([
      ['in a body without length', 'HTTP/1.1 200 OK\r\n\r\nhalf', 'HTTP/1.1'],
      ['in a body without length, for HTTP/1.0', 'HTTP/1.1 200 OK\r\n\r\nhalf', 'HTTP/1.0'],
      [
        'in chunks',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
        'HTTP/1.1',
      ],
      ['before its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', 'HTTP/1.1'],
    ])('by a reset %s is never a clean end', async (_where, bytes, version) => {
      let upstream: net.Socket | undefined;
      await serve((socket) => {
        socket.write(bytes);
        upstream = socket;
      });
      const { heard } = talk(`GET / ${version}\r\nHost: shop\r\n\r\n`);
      await until('half of it is here', () => heard.text.includes('half'));
      upstream?.resetAndDestroy();
      await until('the connection is over', () => heard.closed);
      expect(heard.text).not.toMatch(/\r\n0\r\n\r\n$/);
      if (version === 'HTTP/1.0') expect(heard.error).toBe('ECONNRESET');
    });
    test('by the end of the connection is whole where that is how bodies end', async () => {
      await serve((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
      expect((await ask(facade.port, '/')).body).toBe('all of it');
    });
  });

  describe('a client that leaves', () => {
    test.each([
      ['before the answer', ''],
      ['in the middle of it', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ])('%s takes the upstream request along', async (_when, bytes) => {
      await serve((socket) => void (bytes && socket.write(bytes)));
      const { socket, heard } = talk(get());
      await until('the monolith has it', () => monolith.heard.join('').includes('GET /'));
      if (bytes) await until('half of it is here', () => heard.text.includes('half'));
      socket.destroy();
      await until('the upstream connection is gone', () => monolith.open.size === 0);
    });
    test('in the middle of an upload takes the upstream request along', async () => {
      await serve(() => {});
      const { socket } = talk('POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\nhalf');
      await until('the monolith has half', () => monolith.heard.join('').endsWith('half'));
      socket.destroy();
      await until('the upstream connection is gone', () => monolith.open.size === 0);
    });
  });

  describe('whoever is slow', () => {
    const limit = 24 * 1024 * 1024;
    test('a client that does not read makes the upstream wait', async () => {
      let sent = 0;
      await serve((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
        const block = Buffer.alloc(65_536, 'x');
        const pour = (): void => {
          while (sent < 200 * 1024 * 1024) {
            sent += block.length;
            if (!socket.write(block)) return void socket.once('drain', pour);
          }
        };
        pour();
      });
      const socket = net.connect(facade.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(get());
      await until('the answer has begun', () => sent > 0);
      let before = -1;
      await until('the flow stands', async () => {
        if (sent === before) return true;
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return false;
      });
      expect(sent).toBeLessThan(limit);
      socket.destroy();
    });
    test('an upstream that does not read makes the client wait', async () => {
      await serve((socket) => void socket.pause());
      const socket = net.connect(facade.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000000\r\n\r\n');
      const block = Buffer.alloc(65_536, 'x');
      let sent = 0;
      const pour = (): void => {
        while (sent < 200 * 1024 * 1024) {
          sent += block.length;
          if (!socket.write(block)) return void socket.once('drain', pour);
        }
      };
      pour();
      let before = -1;
      await until('the flow stands', async () => {
        if (sent === before) return true;
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return false;
      });
      expect(sent).toBeLessThan(limit);
      socket.destroy();
    });
  });

  describe('stale connections', () => {
    /** Answers the first request of each connection when `together` of them are there, and resets at the second. */
    const closing = (together: number): Parameters<typeof startRawServer>[0] => {
      const served = new Set<net.Socket>();
      const waiting: (() => void)[] = [];
      return (socket, head) => {
        if (served.has(socket)) return void socket.resetAndDestroy();
        served.add(socket);
        const answer = (): void => echo(socket, head);
        if (served.size > together) return answer();
        waiting.push(answer);
        if (waiting.length === together) for (const one of waiting.splice(0)) one();
      };
    };
    test('with N of them, N + 1 reads are answered, one after the other and at once', async () => {
      await serve(closing(8));
      const reads = (count: number): Promise<number[]> =>
        Promise.all(
          Array.from({ length: count }, async () => (await ask(facade.port, '/')).status),
        );
      expect(await reads(8)).toEqual(Array(8).fill(200));
      expect((await ask(facade.port, '/one')).status).toBe(200);
      expect(await reads(9)).toEqual(Array(9).fill(200));
    });
    test.each(['POST', 'PUT', 'DELETE', 'PATCH'])(
      'a %s that meets one is not sent twice',
      async (method) => {
        await serve(closing(1));
        await ask(facade.port, '/');
        expect((await ask(facade.port, '/write', { method })).status).toBe(502);
        expect(monolith.heard.join('').match(/\/write/g)).toHaveLength(1);
      },
    );
    test('are rare: an idle connection is left before the upstream’s own limit', async () => {
      await serve((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok'),
      );
      await ask(facade.port, '/');
      expect(monolith.open.size).toBe(1);
      const idleSince = Date.now();
      await until('it is closed', () => monolith.open.size === 0);
      expect(Date.now() - idleSince).toBeLessThan(2_000);
    });
  });

  test('more requests than connections wait for one', async () => {
    const waiting: (() => void)[] = [];
    await serve((socket, head) => void waiting.push(() => echo(socket, head)), {
      upstreamConnections: 2,
    });
    const answers = Promise.all(Array.from({ length: 5 }, () => ask(facade.port, '/')));
    for (let answered = 0; answered < 5;) {
      await until('one has arrived', () => waiting.length > 0);
      expect(monolith.open.size).toBeLessThanOrEqual(2);
      for (const answer of waiting.splice(0)) {
        answer();
        answered++;
      }
    }
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  test('who leaves while waiting for one takes none along, and in the middle of an upload not the facade', async () => {
    const held: (() => void)[] = [];
    await serve((socket, head) => void held.push(() => echo(socket, head)), {
      upstreamConnections: 1,
    });
    const first = ask(facade.port, '/first');
    await until('it has arrived', () => held.length > 0);
    const connections = [...monolith.open];
    for (const text of [
      get('/left'),
      'POST /left HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nhalf',
    ])
      talk(text).socket.destroySoon();
    await until('both have left', () => lines.filter(({ status }) => status === 499).length === 2);
    held.pop()?.();
    expect((await first).status).toBe(200);
    const last = ask(facade.port, '/last');
    await until('the last has arrived', () => held.length > 0);
    expect([...monolith.open]).toEqual(connections);
    held.pop()?.();
    expect((await last).status).toBe(200);
    expect(monolith.heard.join('')).not.toContain('/left');
  });
});
