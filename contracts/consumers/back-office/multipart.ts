import { MatchersV3 } from '@pact-foundation/pact';
import { authorised, onePixel } from '../pact-words.ts';
import type { RequestPart } from './promise.ts';

// A client chooses its boundary, so that it is no part of what is promised.
const boundary = 'pact';
const contentType = `multipart/form-data; boundary=${boundary}`;

/** A form with one picture of that type. */
export const multipart =
  (type: string, who: Readonly<Record<string, string>> = authorised): RequestPart[2] =>
  (builder) => {
    builder
      .headers({
        ...who,
        'Content-Type': MatchersV3.regex('^multipart/form-data; ?boundary=.+$', contentType),
      })
      .body(
        contentType,
        Buffer.concat([
          Buffer.from(
            `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="lamp.png"\r\n` +
              `Content-Type: ${type}\r\n\r\n`,
          ),
          onePixel.bytes,
          Buffer.from(`\r\n--${boundary}--\r\n`),
        ]),
      );
  };
