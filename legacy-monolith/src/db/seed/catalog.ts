import { createHash } from 'node:crypto';
import type { Cell } from './copy.ts';
import { GLYPHS } from './glyphs.ts';
import { drawnPng } from './picture.ts';
import { seededRandom } from './random.ts';
import {
  CATEGORIES,
  EPOCH,
  FIRST_PRODUCT_ID,
  SUB_CATEGORIES,
  TOP_CATEGORIES,
  type SeedSizes,
} from './sizes.ts';
import { ADJECTIVES, longText, MATERIALS, sentence, TAGS, THINGS } from './words.ts';

const DAY = 86_400_000;
const NAMES = ['Living', 'Kitchen', 'Outdoor', 'Office', 'Tools', 'Kids'] as const;

/** A timestamp with microseconds, which a JS Date would lose. */
const microTime = (milliseconds: number, micros: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`;

export function* categories(): Generator<Cell[]> {
  for (let top = 1; top <= TOP_CATEGORIES; top++) {
    const name = NAMES[top - 1] ?? `Top ${top}`;
    yield [top, null, name.toLowerCase(), name, top, new Date(EPOCH)];
  }
  for (let index = 0; index < TOP_CATEGORIES * SUB_CATEGORIES; index++) {
    const parent = 1 + (index % TOP_CATEGORIES);
    const thing = THINGS[index % THINGS.length] ?? 'thing';
    const serial = Math.floor(index / TOP_CATEGORIES) + 1;
    yield [
      TOP_CATEGORIES + index + 1,
      parent,
      `${(NAMES[parent - 1] ?? '').toLowerCase()}-${thing}s-${serial}`,
      `${thing}s ${serial}`,
      serial,
      new Date(EPOCH + index * 1000),
    ];
  }
}

export const productPrice = (index: number): number => 199 + ((index * 7_919) % 48_000);
export const money = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
const productWords = (index: number) => {
  const random = seededRandom(index * 31 + 7);
  return [random.pick(ADJECTIVES), random.pick(MATERIALS), random.pick(THINGS)] as const;
};
export const productName = (index: number): string => productWords(index).join(' ');

export function* products({ products: count }: SeedSizes): Generator<Cell[]> {
  const random = seededRandom(20_240_101);
  for (let index = 0; index < count; index++) {
    const created = EPOCH + Math.floor((index / count) * 365 * DAY);
    const long = index % 20 === 3;
    const description = long
      ? longText(random, random.int(6_000, 20_000))
      : index % 17 === 5
        ? null
        : sentence(random);
    const attributes = {
      colour: random.pick(['red', 'green', 'blue', 'black']),
      dimensions: { w: random.int(1, 200), h: random.int(1, 200) },
      ...(random.chance(0.2) ? { warranty_months: 24, notes: ['fragile', null, 1.5] } : {}),
    };
    const status = index % 25 === 9 ? 'draft' : index % 25 === 14 ? 'discontinued' : 'active';
    yield [
      FIRST_PRODUCT_ID + BigInt(index),
      `SKU-${String(index + 1).padStart(6, '0')}`,
      productName(index),
      description,
      money(productPrice(index)),
      index % 13 === 4 ? null : index % 11 === 2 ? 'USD' : 'EUR',
      status,
      { json: attributes },
      TAGS.filter(() => random.chance(0.2)),
      random.chance(0.15)
        ? null
        : `${random.int(0, 40)}.${random.pick(['5', '50', '250', '1230', '0'])}`,
      random.chance(0.5) ? random.uuid() : null,
      random.chance(0.8) ? new Date(created).toISOString().slice(0, 10) : null,
      `${microTime(created, random.int(0, 999))}Z`,
      microTime(created + random.int(0, 30) * DAY, random.int(0, 999)),
      index % 50 === 49 ? new Date(created + 40 * DAY) : null,
    ];
  }
}

export function* productCategories({ products: count }: SeedSizes): Generator<Cell[]> {
  for (let index = 0; index < count; index++) {
    const id = FIRST_PRODUCT_ID + BigInt(index);
    const first = TOP_CATEGORIES + 1 + (index % (CATEGORIES - TOP_CATEGORIES));
    yield [id, first, index % 7];
    if (index % 3 === 0) yield [id, 1 + (index % TOP_CATEGORIES), 0];
  }
}

/** Ground, thing and part, far enough apart to be told from each other. */
const PALETTES = [
  [
    [232, 240, 236],
    [18, 110, 98],
    [214, 140, 62],
  ],
  [
    [246, 235, 221],
    [168, 74, 44],
    [60, 72, 92],
  ],
  [
    [229, 234, 245],
    [58, 82, 150],
    [206, 104, 84],
  ],
  [
    [243, 232, 240],
    [124, 58, 110],
    [70, 120, 110],
  ],
  [
    [240, 238, 220],
    [92, 100, 40],
    [176, 84, 52],
  ],
] as const;
/** So many products, those that the front page shows first, have a picture each; of the others every fifth. */
const ALL_PICTURED = 24;

export function* productImages({ products: count }: SeedSizes): Generator<Cell[]> {
  const random = seededRandom(77);
  let id = 0;
  for (let index = 0; index < count; index++) {
    if (index >= ALL_PICTURED && index % 5 !== 0) continue;
    const [ground, thing, part] = PALETTES[index % PALETTES.length] ?? PALETTES[0];
    const content = drawnPng({
      glyph: GLYPHS[productWords(index)[2]],
      colours: { '.': ground, X: thing, o: part },
      scale: 3,
      grain: () => random.next() * 2 - 1,
    });
    id += 1;
    yield [
      id,
      FIRST_PRODUCT_ID + BigInt(index),
      `product-${index + 1}.png`,
      'image/png',
      content,
      createHash('sha256').update(content).digest(),
      id % 4 === 1 ? null : `Picture of ${productName(index)}`,
      new Date(EPOCH + index * 60_000),
    ];
  }
}

export function* priceHistory({ products: count }: SeedSizes): Generator<Cell[]> {
  for (let index = 0; index < count; index++) {
    const id = FIRST_PRODUCT_ID + BigInt(index);
    const now = productPrice(index);
    const changes = index % 4;
    let old: string | null = null;
    for (let revision = 1; revision <= changes + 1; revision++) {
      const price = money(now + (changes + 1 - revision) * 50);
      yield [
        id,
        revision,
        old,
        price,
        new Date(EPOCH + (index % 300) * DAY + revision * 3_600_000),
      ];
      old = price;
    }
  }
}
