import type { Random } from './random.ts';

export const ADJECTIVES = [
  'Solid',
  'Foldable',
  'Vintage',
  'Quiet',
  'Compact',
  'Waterproof',
  'Nordic',
  'Handmade',
  'Rugged',
  'Light',
  'Electric',
  'Smart',
] as const;
export const MATERIALS = [
  'oak',
  'steel',
  'linen',
  'bamboo',
  'wool',
  'aluminium',
  'ceramic',
  'cork',
  'leather',
  'glass',
] as const;
export const THINGS = [
  'chair',
  'lamp',
  'kettle',
  'backpack',
  'desk',
  'bicycle',
  'tent',
  'blanket',
  'speaker',
  'clock',
  'shelf',
  'mug',
  'drill',
  'jacket',
] as const;
export const TAGS = [
  'new',
  'sale',
  'eco',
  'gift',
  'outdoor',
  'indoor',
  'kids',
  'office',
  'premium',
  'clearance',
  "editor's choice",
] as const;
const SENTENCES = [
  'built to last',
  'made in small batches',
  'tested by climbers',
  'easy to clean',
  'ships flat',
  'needs no tools',
  'repairable for ten years',
  'loved by our staff',
  'naïve in form, precise in detail',
  'weighs next to nothing',
  'comes with a cloth bag',
  'price includes recycling',
] as const;

/** Random letters do not compress, so a long text of them really is stored out of line. */
export function longText(random: Random, length: number): string {
  let text = '';
  while (text.length < length)
    text += random.chance(0.3)
      ? `${random.hex(6)} `
      : `${random.pick(SENTENCES)}, ${random.pick(MATERIALS)}; `;
  return text.slice(0, length);
}

export const sentence = (random: Random): string =>
  `${random.pick(ADJECTIVES)} and ${random.pick(SENTENCES)}. Made of ${random.pick(MATERIALS)}.\nArticle ${random.int(1, 99)}.`;
