import { describe, expect, test } from '@jest/globals';
import { Ledger } from './ledger.ts';

interface Count {
  readonly key: string;
  count: number;
}
function book(limit = 10) {
  const dropped: number[] = [];
  const ledger = new Ledger<Count>({
    keyOf: ({ key }) => key,
    merge: (into, more) => void (into.count += more.count),
    limit,
    onDrop: (count) => dropped.push(count),
  });
  const add = (key: string, count = 1): void => ledger.add({ key, count });
  const sent = async (): Promise<Count[]> => {
    const all: Count[] = [];
    await ledger.flush((entries) => Promise.resolve(void all.push(...entries)));
    return all;
  };
  return { ledger, dropped, add, sent };
}

describe('numbers on their way', () => {
  test('add up by key and are sent once', async () => {
    const { ledger, add, sent } = book();
    add('a');
    add('b', 5);
    add('a', 2);
    expect(ledger.size).toBe(2);
    expect(await sent()).toEqual([
      { key: 'a', count: 3 },
      { key: 'b', count: 5 },
    ]);
    expect([ledger.size, await sent()]).toEqual([0, []]);
  });

  test('are not lost when they cannot be sent, nor those that came meanwhile', async () => {
    const { ledger, add, sent } = book();
    add('a');
    const failing = ledger.flush(() => {
      add('a', 10);
      add('b');
      return Promise.reject(new Error('down'));
    });
    await expect(failing).rejects.toThrow('down');
    expect(await sent()).toEqual([
      { key: 'a', count: 11 },
      { key: 'b', count: 1 },
    ]);
  });

  test('that come while others are sent wait for the next time', async () => {
    const { ledger, add, sent } = book();
    add('a');
    await ledger.flush(() => Promise.resolve(add('a', 10)));
    expect(await sent()).toEqual([{ key: 'a', count: 10 }]);
  });

  test('are bounded: the oldest goes, and that is counted', async () => {
    const { dropped, add, sent } = book(2);
    add('a');
    add('b');
    expect(dropped).toEqual([]);
    add('c');
    add('b');
    expect(dropped).toEqual([1]);
    expect((await sent()).map(({ key }) => key)).toEqual(['b', 'c']);
  });

  test('of nothing nothing is sent', async () => {
    let asked = false;
    await book().ledger.flush(() => Promise.resolve(void (asked = true)));
    expect(asked).toBe(false);
  });
});
