import { judge, type Found, type Ledger, type Verdict } from './ledger.ts';
import { toCents } from './writer.ts';

async function get(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, { headers: { authorization: 'Bearer demo-token-1' } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function find(side: string, id: string): Promise<Found | undefined> {
  const product = await get(`${side}/api/products/${id}`);
  if (product.status === 404) return undefined;
  const history = await get(`${side}/api/products/${id}/price-history`);
  if (product.status !== 200 || history.status !== 200)
    throw new Error(`${side} answered ${product.status} and ${history.status} for product ${id}`);
  const entries = Array.isArray(history.body.entries) ? history.body.entries : [];
  return {
    name: String(product.body.name),
    cents: toCents(product.body.price),
    revisions: entries.length,
  };
}

/** Asks one side itself, past the facade, for every product that the clients wrote. */
export async function checkSide(side: string, ledger: Ledger): Promise<Verdict> {
  const verdict: Verdict = { lost: 0, doubled: 0, checked: 0, examples: [] };
  const waiting = [...ledger.entries];
  const work = async (): Promise<void> => {
    for (let entry = waiting.pop(); entry; entry = waiting.pop())
      judge(entry, await find(side, entry.id), verdict);
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return verdict;
}
