import { promisify } from 'node:util';
import zlib from 'node:zlib';

const decoders: Readonly<
  Record<string, (body: Buffer, options: zlib.ZlibOptions & zlib.BrotliOptions) => Promise<Buffer>>
> = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
};

/** Encodings of one body. Each costs as much as the largest body, and nobody needs more than one. */
const mostEncodings = 2;

/** The body as the application wrote it. @throws for an unknown encoding, a broken body, or one that unpacks to too much */
export async function decodeBody(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  let decoded = body;
  const names = (encoding ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '' && part !== 'identity')
    .reverse();
  if (names.length > mostEncodings) throw new Error(`${names.length} content-encodings`);
  for (const name of names) {
    const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (!decode) throw new Error(`unknown content-encoding ${name}`);
    decoded = await decode(decoded, { maxOutputLength: maxBytes });
  }
  return decoded;
}
