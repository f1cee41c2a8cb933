import { rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Crowd } from './clients/crowd.ts';
import { emptyResult, isGood } from './result.ts';
import { Screen } from './screen.ts';
import type { Stack } from './stack/stack.ts';
import { startStack } from './stack/start-stack.ts';
import { inviteToPlay, tellStory } from './story.ts';

const usage = `npm run demo -- [--transport embedded|kafka] [--stay] [--json] [--pace N] [--by-hand [--settings FILE]]

Moves the catalog of a small shop out of its monolith, back, and out again while clients use it.
  --transport kafka  changes travel through Kafka and Debezium, as in production (needs Java 17 and Maven); default: embedded, Node alone
  --stay   leave everything running afterwards, with the addresses and commands to try (Ctrl-C ends it)
  --by-hand  start everything and the clients, move nothing: you type the commands (docs/guide/first-context.md)
  --settings FILE  with --by-hand: write the settings for your shell there
  --pace N  clients pause N times as long as usual between their requests (default 1)
  --json   one object on stdout at the end; the story goes to stderr
Exit code 0 only if no request failed and no write was lost, doubled, stale or different.`;

interface Arguments {
  readonly stay: boolean;
  readonly json: boolean;
  readonly byHand: boolean;
  readonly envFile: string | undefined;
  readonly transport: 'embedded' | 'kafka';
  readonly pace: number;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        stay: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'by-hand': { type: 'boolean', default: false },
        settings: { type: 'string' },
        transport: { type: 'string', default: 'embedded' },
        pace: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const { transport } = values;
    if (transport !== 'embedded' && transport !== 'kafka')
      throw new Error(`--transport is embedded or kafka, not ${transport}`);
    const pace = Number(values.pace);
    if (!(pace > 0)) throw new Error(`--pace is a number above 0, not ${values.pace}`);
    return {
      transport,
      pace,
      stay: values.stay,
      json: values.json,
      byHand: values['by-hand'],
      envFile: values.settings,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const { stay, json, byHand, envFile, transport, pace } = readArguments();
const screen = new Screen(json);
const interrupted = new AbortController();
let ending: Promise<void> | undefined;
let starting: Promise<Stack> | undefined;

/** Waits for a start in flight: what it started must be stopped too. */
const end = (): Promise<void> =>
  (ending ??= (async () => {
    const stack = await starting?.catch(() => undefined);
    await stack?.stop();
  })());

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return;
    interrupted.abort();
    screen.line();
    screen.line('Stopping everything …');
    void end().finally(() => process.exit(130));
  });
}

const result = emptyResult();
try {
  screen.chapter(
    `A shop, two facades, one service${transport === 'kafka' ? ', Kafka and Debezium' : ''}: starting`,
  );
  screen.why(
    byHand
      ? 'Half a minute on a usual machine; then you type the commands.'
      : 'Half a minute to start, two for the story: a minute of it is waiting for clients to use the shop.',
  );
  starting = startStack({
    transport,
    contexts: new URL('../contexts', import.meta.url).pathname,
    onProgress: (text) => screen.output(text),
    signal: interrupted.signal,
  });
  const stack = await starting;
  screen.good(`up after ${screen.seconds.toFixed(1)} s`);
  if (byHand) {
    const crowd = new Crowd({
      facades: stack.facades,
      writers: 2,
      readers: 4,
      writerPauseMs: 50,
      readerPauseMs: 8,
      forgiving: true,
      pace,
    });
    await stack.startPactSides();
    const settings = { ...stack.env, FACADE: stack.facades[0] ?? '' };
    if (envFile)
      await writeFile(
        envFile,
        Object.entries(settings)
          .map(([name, value]) => `${name}='${value}'\n`)
          .join(''),
        { mode: 0o600 },
      );
    inviteToPlay(stack, screen);
    await new Promise((resolve) =>
      interrupted.signal.addEventListener('abort', resolve, { once: true }),
    );
    await crowd.stop();
    // its addresses lead nowhere from here on
    if (envFile) await rm(envFile, { force: true });
  } else {
    await tellStory({ stack, screen, result, pace, signal: interrupted.signal });
  }
  if (stay && !byHand && !interrupted.signal.aborted) {
    inviteToPlay(stack, screen);
    await new Promise((resolve) =>
      interrupted.signal.addEventListener('abort', resolve, { once: true }),
    );
  }
} catch (error) {
  if (!interrupted.signal.aborted) {
    result.problems.push(error instanceof Error ? error.message : String(error));
    screen.bad(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (stay && starting)
      screen.line(`Logs: ${(await starting.catch(() => undefined))?.folder.path ?? 'none'}`);
  }
}
await end();
if (!interrupted.signal.aborted) {
  result.ok = byHand || isGood(result);
  result.seconds = Math.round(screen.seconds * 10) / 10;
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.ok ? 0 : 1;
}
