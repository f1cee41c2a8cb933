import type { RunningProcess } from '@strangler-toolkit/dev-stack';
import { checkSide } from './clients/final-check.ts';
import { Crowd } from './clients/crowd.ts';
import { Evidence } from './evidence.ts';
import type { DemoResult } from './result.ts';
import { report } from './report.ts';
import type { Screen } from './screen.ts';
import type { Stack } from './stack/stack.ts';

export interface Telling {
  readonly stack: Stack;
  readonly screen: Screen;
  readonly result: DemoResult;
  /** Clients pause so many times as long as usual. */
  readonly pace: number;
  readonly signal: AbortSignal;
}

/** A line of the contracts' table in which no provider differs: dozens, of which the last line tells the number. */
const everyoneKeptIt = /^interaction {2,}|\S {2,}kept(?: +kept)*$/;

class Interrupted extends Error {}

/** The demo's main job: one context out, back and out again, while clients go on. */
export async function tellStory(telling: Telling): Promise<void> {
  const { stack, screen, result, pace, signal } = telling;
  const evidence = new Evidence(stack.env.STRANGLER_CONTROL_URL ?? '');
  let stageBegan = screen.seconds;
  let stageName = 'start';
  const chapter = (name: string, title: string): void => {
    result.stages.push({
      stage: stageName,
      seconds: Math.round((screen.seconds - stageBegan) * 10) / 10,
    });
    stageName = name;
    stageBegan = screen.seconds;
    screen.chapter(title);
  };

  const until = async (
    what: string,
    condition: () => Promise<boolean>,
    timeoutMs = 300_000,
  ): Promise<void> => {
    for (const deadline = Date.now() + timeoutMs; ;) {
      if (signal.aborted) throw new Interrupted();
      if (await condition()) return;
      if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  const strangler = async (...args: string[]): Promise<string> => {
    if (signal.aborted) throw new Interrupted();
    screen.command(`strangler ${args.join(' ')}`);
    const { code, stdout, stderr } = await stack.strangler(args, {
      onLine: (line) => {
        if (!everyoneKeptIt.test(line)) screen.output(line);
      },
    });
    if (signal.aborted) throw new Interrupted();
    if (code !== 0)
      throw new Error(`strangler ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
    return stdout;
  };

  const verify = async (): Promise<void> => {
    const before = result.verifiedRows;
    await strangler('verify', 'catalog');
    const found = await evidence.latest('catalog', 'verification');
    result.verifiedRows += Number(found?.detail.rowsCompared ?? 0);
    result.verifyDifferences += Number(found?.detail.differences ?? (found?.ok ? 0 : 1));
    screen.good(`${result.verifiedRows - before} rows compared while clients write`);
  };

  const ownerMoved = async (command: 'cutover' | 'rollback', owner: string): Promise<void> => {
    const { counts } = crowd;
    counts.longestWriteMs = 0;
    const [writes, failed] = [counts.acknowledgedWrites, counts.failedRequests];
    await strangler(command, 'catalog', '--yes');
    await until(
      `${owner} to own the catalog`,
      async () => (await evidence.context('catalog'))?.owner === owner,
    );
    const last = (await evidence.moves('catalog')).findLast(({ abandoned }) => !abandoned);
    // Clients go on for a moment, so that writes reach the new owner and stream back.
    await until('writes at the new owner', async () => counts.acknowledgedWrites > writes + 100);
    result.writePauseMs.push({ move: command, ms: Math.round(last?.ms ?? Number.NaN) });
    screen.good(
      `the ${owner} owns the catalog; writes were held for ${Math.round(last?.ms ?? Number.NaN)} ms, ` +
        `the client that waited longest got its answer after ${Math.round(counts.longestWriteMs)} ms; ` +
        `${counts.failedRequests - failed} requests failed`,
    );
  };

  const crowd = new Crowd({
    facades: stack.facades,
    writers: 4,
    readers: 4,
    writerPauseMs: 20,
    readerPauseMs: 8,
    pace,
  });
  try {
    chapter('clients', 'Clients use the shop, from here to the end');
    screen.why(
      '4 write products of their own and read each write back through the other facade; 4 browse. A ledger keeps every acknowledged write.',
    );
    await until('the first writes', async () => crowd.counts.acknowledgedWrites > 20);

    await strangler('status');

    chapter('shipping-rates', 'First extraction in five minutes: shipping rates, by flags alone');
    screen.why('It keeps no data, so flags may steer every request: nothing can fork.');
    await moveShippingRates(telling, strangler);

    chapter('replicate', 'The catalog: copy its tables and follow its changes');
    screen.why(
      'Monolith tables become service tables of another shape; the monolith stays the owner.',
    );
    if (stack.kafka)
      screen.why(
        'One Debezium connector carries their changes into Kafka, the worker applies them from there.',
      );
    screen.command('strangler replicate catalog   (runs from now on)');
    const worker: RunningProcess = await stack.startWorker('catalog', (line) => {
      if (stageName === 'replicate' && !line.startsWith('{')) screen.output(line);
    });
    await until('the initial copy and the stream behind it', async () => {
      if (!worker.running)
        throw new Error(`the worker ended:\n${worker.logs().slice(-20).join('\n')}`);
      const context = await evidence.context('catalog');
      return context?.copied === true && (context.lagMs ?? Infinity) < 2_000;
    });
    // Starts while the rows are compared.
    const pactSides = stack.startPactSides();
    pactSides.catch(() => {});
    await verify();

    chapter('contracts', "Do both sides keep the storefront's contract?");
    screen.why(
      'Asked of the same builds with databases of their own: provider states write test data, which has no place in live tables.',
    );
    await pactSides;
    await strangler('contracts', 'verify', 'catalog');
    await Promise.all([
      stack.member('monolith-pacts').kill(),
      stack.member('catalog-pacts').kill(),
    ]);
    const pacts = await evidence.latest('catalog', 'pacts');
    result.contracts.push(
      ...['monolith', 'service'].map((side) => ({
        side,
        ok: pacts?.detail[side] === true || (pacts?.ok ?? false),
      })),
    );

    chapter('shadow', 'Shadow: the service answers too, nobody sees it, the answers are compared');
    await strangler('shadow', 'catalog', '--sample', '100');
    screen.why(
      "The gate asks for 1,000 compared reads of each route; the demo's copy of the context file " +
        '(demo/contexts) for 100, to save your time.',
    );
    await strangler('shadow', 'catalog', '--wait', '100', '--timeout', '300s');

    chapter('canary', 'Canary: reads move by percent, judged by errors and latency');
    await strangler('ramp', 'catalog', '--steps', '25,50,100', '--hold', '2s', '--max-wait', '5m');

    chapter('cutover', 'Cutover: the writes move');
    screen.why(
      'Hold new writes, fence the old tables, catch up, flip the owner, release. No write is refused.',
    );
    await ownerMoved('cutover', 'service');
    await verify();

    chapter('rollback', 'Rollback: somebody changed their mind');
    screen.why(
      'The same protocol with the sides swapped; what the service wrote meanwhile is in the monolith already.',
    );
    await ownerMoved('rollback', 'monolith');
    await verify();

    chapter('cutover-again', 'Cutover again');
    await ownerMoved('cutover', 'service');
    await strangler('status', 'catalog');

    chapter('check', 'Was anything lost?');
    await crowd.stop();
    await until(
      'the reverse stream to catch up',
      async () => ((await evidence.context('catalog'))?.lagMs ?? Infinity) < 1_000,
    );
    await verify();
    for (const side of ['catalog', 'monolith']) {
      const verdict = await checkSide(stack.member(side).url, crowd.ledger);
      result.lostWrites += verdict.lost;
      result.duplicatedWrites += verdict.doubled;
      result.ledgerProducts = verdict.checked;
      screen.good(
        `${verdict.checked} products of the ledger asked from the ` +
          `${side === 'catalog' ? 'service (the owner)' : 'monolith'} itself: ${verdict.lost} lost, ` +
          `${verdict.doubled} doubled`,
      );
      result.problems.push(...verdict.examples);
    }
    chapter('end', 'What was measured');
  } finally {
    await crowd.stop();
    const { requests, failedRequests, acknowledgedWrites, staleReads, problems } = crowd.counts;
    Object.assign(result, { requests, failedRequests, acknowledgedWrites, staleReads });
    result.problems.push(...problems);
    if (!signal.aborted) result.shadow = await evidence.shadow('catalog').catch(() => ({}));
  }
  report(screen, result);
}

async function moveShippingRates(
  { stack, pace }: Telling,
  strangler: (...args: string[]) => Promise<string>,
): Promise<void> {
  const quotes = async (signal: AbortSignal): Promise<void> => {
    for (let number = 0; !signal.aborted; number++) {
      const facade = stack.facades[number % stack.facades.length] ?? '';
      const response = await fetch(`${facade}/shipping/quotes`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer demo-token-${1 + (number % 50)}`,
        },
        body: JSON.stringify({
          weight_grams: 100 + number * 37,
          country: ['DE', 'FR', 'US'][number % 3],
          subtotal: '19.90',
        }),
      });
      if (response.status !== 200)
        throw new Error(
          `POST /shipping/quotes answered ${response.status} ${await response.text()}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 5 * pace));
    }
  };
  const done = new AbortController();
  const customers = quotes(done.signal);
  customers.catch(() => {});
  try {
    await strangler('shadow', 'shipping-rates', '--sample', '100');
    await strangler('shadow', 'shipping-rates', '--wait', '50', '--timeout', '300s');
    await strangler(
      'ramp',
      'shipping-rates',
      '--steps',
      '50,100',
      '--hold',
      '1s',
      '--max-wait',
      '5m',
    );
  } finally {
    done.abort();
    await customers;
  }
  await strangler('cutover', 'shipping-rates', '--yes');
}

/** --stay: what to try now. */
export function inviteToPlay(stack: Stack, screen: Screen): void {
  screen.chapter('Everything is still running');
  screen.table([
    ['facades', stack.facades.join('  ')],
    [
      'monolith',
      `${stack.env.MONOLITH_URL}  (back office: /admin, demo1@shop.example, correct horse)`,
    ],
    ['catalog service', stack.env.CATALOG_URL ?? ''],
    ['Unleash', `${stack.unleash.ui}  (admin, unleash4all)`],
    ['logs', `${stack.folder.path}/logs`],
  ]);
  screen.line();
  screen.line('  In another shell:');
  for (const [name, value] of Object.entries(stack.env)) screen.output(`export ${name}='${value}'`);
  screen.output(`curl -s '${stack.facades[0]}/api/products?per_page=2'`);
  screen.output('npm run --silent strangler -- status catalog');
  screen.output('npm run --silent strangler -- journal catalog');
  screen.output('npm run --silent strangler -- rollback catalog --yes');
  screen.line('  Ctrl-C ends it and removes everything.');
}
