import { readFile, rm, writeFile } from 'node:fs/promises';
import { announcement } from './announcement.ts';
import { type Arguments, readArguments, usage } from './arguments.ts';
import { Crowd } from './clients/crowd.ts';
import { hurryWhileShadowed } from './clients/hurry.ts';
import { endInTime } from './end-in-time.ts';
import { Evidence } from './evidence.ts';
import { inviteToPlay } from './invite.ts';
import { emptyResult, isGood } from './result.ts';
import { Screen } from './screen.ts';
import { areSettings, settingsLines, settingsOf } from './settings.ts';
import type { Stack } from './stack/stack.ts';
import { startStack } from './stack/start-stack.ts';
import { fastStory, wholeStory } from './story.ts';
import { Teller } from './teller.ts';

const refuse = (message: string): never => {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
};

function given(): Arguments {
  try {
    const read = readArguments(process.argv.slice(2));
    if (read !== 'help') return read;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { fast, stay, json, byHand, settings: file, transport, pace } = given();
const there = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
if (!areSettings(there))
  refuse(`--settings ${file} would overwrite a file that the demo did not write`);

const screen = new Screen(json);
const interrupted = new AbortController();
let ending: Promise<void> | undefined;
let starting: Promise<Stack> | undefined;

/** Its addresses lead nowhere from here on. */
const forgetSettings = async (): Promise<void> => {
  if (file !== undefined) await rm(file, { force: true });
};

/** Waits for a start in flight: what it started must be stopped too. */
const end = (): Promise<void> =>
  (ending ??= (async () => {
    await forgetSettings();
    const stack = await starting?.catch(() => undefined);
    await stack?.stop();
  })());

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) return;
    interrupted.abort();
    screen.line();
    screen.line('Stopping everything …');
    void endInTime(end, forgetSettings).finally(() => process.exit(130));
  });
}
const interruption = (): Promise<unknown> =>
  new Promise((resolve) => {
    if (interrupted.signal.aborted) resolve(undefined);
    interrupted.signal.addEventListener('abort', resolve, { once: true });
  });

const result = emptyResult(fast);
try {
  await forgetSettings();
  screen.chapter(
    `A shop, two facades, ${fast ? 'one service' : 'two services'}${transport === 'kafka' ? ', Kafka and Debezium' : ''}: starting`,
  );
  screen.why(announcement({ byHand, fast }));
  starting = startStack({
    transport,
    contexts: new URL(fast ? '../fast-contexts' : '../contexts', import.meta.url).pathname,
    debugHeaders: true,
    onProgress: (text) => screen.output(`${screen.seconds.toFixed(0).padStart(2)} s  ${text}`),
    signal: interrupted.signal,
  });
  const stack = await starting;
  screen.good(`up after ${screen.seconds.toFixed(1)} s`);
  const leave = async (): Promise<void> => {
    const settings = settingsOf(
      stack.env,
      stack.facadeMembers.map(({ url, process }) => ({ url, adminPort: process.adminPort })),
    );
    if (file !== undefined && !interrupted.signal.aborted)
      await writeFile(file, `${settingsLines(settings).join('\n')}\n`, { mode: 0o600 });
    await inviteToPlay(stack, screen, { settings, file });
    await interruption();
  };
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
    const evidence = new Evidence(stack.env.STRANGLER_CONTROL_URL ?? '');
    void hurryWhileShadowed(crowd, evidence, interrupted.signal);
    await stack.startPactSides();
    await leave();
    await crowd.stop();
  } else {
    const teller = new Teller({ stack, screen, result, pace, signal: interrupted.signal });
    await teller.tell(fast ? fastStory : wholeStory);
    if (stay && !interrupted.signal.aborted) await leave();
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
