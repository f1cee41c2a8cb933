import { parseArgs } from 'node:util';

export const usage = `npm run demo -- [--fast] [--transport embedded|kafka] [--stay] [--json] [--pace N] [--by-hand [--settings FILE]]

Moves the catalog of a small shop out of its monolith, back, and out again while clients use it.
  --fast   the cutover alone, without the contracts and the way back: less than a minute
  --transport kafka  changes travel through Kafka and Debezium, as in production
           (needs Java 17 and Maven); default: embedded, Node alone
  --stay   leave everything running afterwards, with the addresses and commands to try (Ctrl-C ends it)
  --by-hand  start everything and the clients, move nothing: you type the commands
           (docs/guide/first-context.md)
  --settings FILE  with --by-hand or --stay: write the settings for your shell there; it goes with the demo
  --pace N  clients pause N times as long as usual between their requests, but where the story waits for them (default 1)
  --json   one object on stdout at the end; the story goes to stderr
Exit code 0 only if no request failed and no write was lost, doubled, stale or different.

For example: npm run demo -- --fast`;

export interface Arguments {
  readonly fast: boolean;
  readonly stay: boolean;
  readonly json: boolean;
  readonly byHand: boolean;
  readonly settings: string | undefined;
  readonly transport: 'embedded' | 'kafka';
  readonly pace: number;
}

/** 'help' when that was asked for. Throws what is wrong with them, in words. */
export function readArguments(args: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fast: { type: 'boolean', default: false },
      stay: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'by-hand': { type: 'boolean', default: false },
      settings: { type: 'string' },
      transport: { type: 'string', default: 'embedded' },
      pace: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { transport, fast, stay, json, settings, 'by-hand': byHand } = values;
  if (transport !== 'embedded' && transport !== 'kafka')
    throw new Error(`--transport is embedded or kafka, not ${transport}`);
  const pace = Number(values.pace);
  if (!(pace > 0)) throw new Error(`--pace is a number above 0, not ${values.pace}`);
  if (fast && byHand)
    throw new Error('--fast tells a short story and --by-hand none: leave one of them out');
  if (settings !== undefined && !byHand && !stay)
    throw new Error('--settings is for --by-hand or --stay: without them nothing stays to be set');
  return { fast, stay, json, byHand, settings, transport, pace };
}
