import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

interface Service {
  readonly name: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

export interface DnsServer {
  /** With its port, as a resolver wants it. */
  readonly address: string;
  /** Names that were asked for, with the type: `catalog.test A`. */
  readonly asked: string[];
  /** Addresses of both families, or targets; `seconds` is how long they hold. */
  set(name: string, records: readonly (string | Service)[], seconds?: number): void;
  /** From now on it says of everything, or of this type, that it cannot tell. */
  failing: boolean | 'AAAA';
  close(): Promise<void>;
}

const types = new Map([
  [1, 'A'],
  [28, 'AAAA'],
  [33, 'SRV'],
]);

const labels = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);

/** `::1` and `fd00::1:2` written out. */
function sixteenBytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail)];
  const between = Array<number>(8 - before.length - after.length).fill(0);
  return Buffer.from(
    [...before, ...between, ...after].flatMap((group) => [group >> 8, group & 255]),
  );
}

function dataOf(record: string | Service): { type: number; data: Buffer } {
  if (typeof record !== 'string') {
    const { name, port, priority = 0, weight = 0 } = record;
    const numbers = Buffer.alloc(6);
    [priority, weight, port].forEach((value, index) => numbers.writeUInt16BE(value, index * 2));
    return { type: 33, data: Buffer.concat([numbers, labels(name)]) };
  }
  return isIP(record) === 6
    ? { type: 28, data: sixteenBytes(record) }
    : { type: 1, data: Buffer.from(record.split('.').map(Number)) };
}

/** A DNS server over UDP that knows what a test tells it, and says of other names that they are not there. */
export async function startDnsServer(): Promise<DnsServer> {
  const known = new Map<string, { records: readonly (string | Service)[]; seconds: number }>();
  const socket = createSocket('udp4');
  const server: Pick<DnsServer, 'failing' | 'asked'> = { failing: false, asked: [] };
  socket.on('message', (query, peer) => {
    const parts: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      parts.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const wanted = query.readUInt16BE(at + 1);
    const name = parts.join('.').toLowerCase();
    server.asked.push(`${name} ${types.get(wanted) ?? wanted}`);
    const { records, seconds } = known.get(name) ?? { records: undefined, seconds: 0 };
    const fitting = (records ?? []).map(dataOf).filter(({ type }) => type === wanted);
    const fails = server.failing === true || server.failing === types.get(wanted);
    const answers = fails ? [] : fitting;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    // an answer, recursion wanted and to be had; 2: it fails, 3: no such name
    head.writeUInt16BE(0x8180 | (fails ? 2 : records ? 0 : 3), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(answers.length, 6);
    const written = answers.map(({ type, data }) => {
      const fixed = Buffer.alloc(12);
      // the name stands in the question
      fixed.writeUInt16BE(0xc00c, 0);
      fixed.writeUInt16BE(type, 2);
      fixed.writeUInt16BE(1, 4);
      fixed.writeUInt32BE(seconds, 6);
      fixed.writeUInt16BE(data.length, 10);
      return Buffer.concat([fixed, data]);
    });
    socket.send(
      Buffer.concat([head, query.subarray(12, at + 5), ...written]),
      peer.port,
      peer.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return Object.assign(server, {
    address: `127.0.0.1:${socket.address().port}`,
    set: (name: string, records: readonly (string | Service)[], seconds = 1) =>
      void known.set(name, { records, seconds }),
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  });
}
