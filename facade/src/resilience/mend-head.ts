const headEnd = /\n\r?\n/;
const nothing = Buffer.alloc(0);

/** One length said several times is one length; several that differ are left for the parser to refuse. */
function lengthOf(values: readonly string[]): string | undefined {
  const said = new Set(values.flatMap((value) => value.split(',')).map((value) => value.trim()));
  const [only] = said;
  return said.size === 1 ? only : undefined;
}

/**
 * The head of an answer as an old server sends it, in the spelling that a strict parser takes: lines end in CR LF, no space
 * before a colon, no line whose name has spaces inside, an identical Content-Length once. Nothing else is touched.
 */
export function mendHead(head: string): string {
  const [status = '', ...lines] = head.replace(/(\r?\n){2}$/, '').split(/\r?\n/);
  const fields = lines.map((line) => {
    const cut = line.indexOf(':');
    const name = cut === -1 || /^[ \t]/.test(line) ? undefined : line.slice(0, cut).trimEnd();
    return { name, line: name === undefined ? line : `${name}:${line.slice(cut + 1)}` };
  });
  const isLength = ({ name }: { readonly name: string | undefined }): boolean =>
    name?.toLowerCase() === 'content-length';
  const lengths = fields.filter(isLength).map(({ line }) => line.slice(line.indexOf(':') + 1));
  const length = lengthOf(lengths);
  const first = fields.find(isLength);
  const kept = fields.flatMap((field) => {
    if (length !== undefined && isLength(field))
      return field === first ? [`${field.name}: ${length}`] : [];
    return field.name === undefined || !/\s/.test(field.name) ? [field.line] : [];
  });
  return [status, ...kept, '', ''].join('\r\n');
}

/** The bytes of one answer on their way to a strict parser: heads are mended, the body passes. */
export class HeadMender {
  readonly #mostBytes: number;
  #held = nothing;
  #inBody = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** What may go on now; empty while a head is not complete. */
  take(chunk: Buffer): Buffer {
    if (this.#inBody) return chunk;
    this.#held = Buffer.concat([this.#held, chunk]);
    const ready: Buffer[] = [];
    while (!this.#inBody) {
      const text = this.#held.toString('latin1');
      const begins = text.startsWith('HTTP/'.slice(0, text.length));
      const end = begins ? headEnd.exec(text) : null;
      if (!end) {
        // no head, or one that is too long: the parser says so
        this.#inBody = !begins || text.length > this.#mostBytes;
        break;
      }
      const length = end.index + end[0].length;
      const head = text.slice(0, length);
      ready.push(Buffer.from(mendHead(head), 'latin1'));
      this.#held = this.#held.subarray(length);
      // early hints and their like come before the answer
      this.#inBody = !/^HTTP\/\d\.\d 1(?!01)\d\d/.test(head);
    }
    if (this.#inBody) ready.push(this.end());
    return Buffer.concat(ready);
  }

  /** What was held back when the connection ends. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = nothing;
    return rest;
  }
}
