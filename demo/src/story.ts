import { moveShippingRates } from './shipping-rates.ts';
import type { Teller } from './teller.ts';

/** The demo's main job: one context out, back and out again, while clients go on. */
export async function wholeStory(teller: Teller): Promise<void> {
  const { stack, result } = teller.telling;
  await teller.strangler('status');

  teller.chapter(
    'shipping-rates',
    'First extraction in five minutes: shipping rates, by flags alone',
    'It keeps no data, so flags may steer every request: nothing can fork.',
  );
  await moveShippingRates(teller);

  teller.chapter(
    'replicate',
    'The catalog: copy its tables and follow its changes',
    'Monolith tables become service tables of another shape; the monolith stays the owner.',
    ...(stack.kafka
      ? [
          'One Debezium connector carries their changes into Kafka, the worker applies them from there.',
        ]
      : []),
  );
  await teller.replicate();
  // Starts while the rows are compared.
  const pactSides = stack.startPactSides();
  pactSides.catch(() => {});
  await teller.verify();

  teller.chapter(
    'contracts',
    "Do both sides keep the storefront's contract?",
    'Asked of the same builds with databases of their own: provider states write test data, which has no place in live tables.',
  );
  await pactSides;
  await teller.strangler('contracts', 'verify', 'catalog');
  await Promise.all([stack.member('monolith-pacts').kill(), stack.member('catalog-pacts').kill()]);
  const pacts = await teller.evidence.latest('catalog', 'pacts');
  result.contracts.push(
    ...['monolith', 'service'].map((side) => ({
      side,
      ok: pacts?.detail[side] === true || (pacts?.ok ?? false),
    })),
  );

  teller.chapter(
    'shadow',
    'Shadow: the service answers too, nobody sees it, the answers are compared',
  );
  await teller.strangler('shadow', 'catalog', '--sample', '100');
  teller.telling.screen.why(
    "The gate asks for 1,000 compared reads of each route; the demo's copy of the context file " +
      '(demo/contexts) for 100, to save your time.',
  );
  await teller.stranglerAwaitsReaders('shadow', 'catalog', '--wait', '100', '--timeout', '300s');

  teller.chapter('canary', 'Canary: reads move by percent, judged by errors and latency');
  await teller.stranglerAwaitsReaders(
    'ramp',
    'catalog',
    ...['--steps', '25,50,100', '--hold', '2s', '--max-wait', '5m'],
  );

  teller.chapter(
    'cutover',
    'Cutover: the writes move',
    'Hold new writes, fence the old tables, catch up, flip the owner, release. No write is refused.',
  );
  await teller.changeOwner('cutover', 'service');
  await teller.verify();

  teller.chapter(
    'rollback',
    'Rollback: somebody changed their mind',
    'The same protocol with the sides swapped; what the service wrote meanwhile is in the monolith already.',
  );
  await teller.changeOwner('rollback', 'monolith');
  await teller.verify();

  teller.chapter('cutover-again', 'Cutover again');
  await teller.changeOwner('cutover', 'service');
  await teller.strangler('status', 'catalog');

  teller.chapter('check', 'Was anything lost?');
  await teller.checkLedger();
}

/** The shortest way to the step that matters: the catalog's writes move, and nothing is lost. */
export async function fastStory(teller: Teller): Promise<void> {
  teller.chapter(
    'replicate',
    'The catalog: copy its tables and follow its changes',
    'Left out here, and part of `npm run demo`: shipping rates, contracts, the way back.',
  );
  await teller.replicate();
  await teller.verify();

  teller.chapter(
    'shadow',
    'Shadow: the service answers too, nobody sees it, the answers are compared',
  );
  await teller.stranglerAwaitsReaders(
    'shadow',
    'catalog',
    ...['--sample', '100', '--wait', '20', '--timeout', '300s'],
  );

  teller.chapter('canary', 'Canary: reads move, judged by errors and latency');
  await teller.stranglerAwaitsReaders(
    'ramp',
    'catalog',
    '--steps',
    '100',
    '--hold',
    '1s',
    '--max-wait',
    '5m',
  );

  teller.chapter(
    'cutover',
    'Cutover: the writes move',
    'Hold new writes, fence the old tables, catch up, flip the owner, release. No write is refused.',
  );
  await teller.changeOwner('cutover', 'service');

  teller.chapter('check', 'Was anything lost?');
  await teller.checkLedger();
}
