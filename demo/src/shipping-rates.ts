import type { Teller } from './teller.ts';

/** Customers, who are waited for from first to last, ask for quotes until told to stop; anything but an answer is an error. */
async function askForQuotes(
  { stack, pace }: Teller['telling'],
  signal: AbortSignal,
): Promise<void> {
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
      throw new Error(`POST /shipping/quotes answered ${response.status} ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(5 * pace, 50)));
  }
}

export async function moveShippingRates(teller: Teller): Promise<void> {
  const rates = 'shipping-rates';
  const done = new AbortController();
  const customers = askForQuotes(teller.telling, done.signal);
  customers.catch(() => {});
  try {
    await teller.strangler('shadow', rates, '--sample', '100');
    await teller.strangler('shadow', rates, '--wait', '50', '--timeout', '300s');
    await teller.strangler('ramp', rates, '--steps', '50,100', '--hold', '1s', '--max-wait', '5m');
  } finally {
    done.abort();
    await customers;
  }
  await teller.strangler('cutover', rates, '--yes');
}
