/** What a parcel costs. A pure function of the question: no customer, no stock, no clock. */
export type ServiceLevel = 'standard' | 'express' | 'overnight';

export interface QuoteRequest {
  /** Total weight in grams. */
  readonly weightGrams: number;
  /** ISO 3166 alpha-2. */
  readonly country: string;
  readonly serviceLevel: ServiceLevel;
  /** Value of the goods in cents. */
  readonly subtotalCents: number;
}

export interface Quote {
  readonly zone: 'domestic' | 'eu' | 'world';
  readonly amountCents: number;
  readonly freeShipping: boolean;
  readonly minDays: number;
  readonly maxDays: number;
}

export const SERVICE_LEVELS: readonly ServiceLevel[] = ['standard', 'express', 'overnight'];
export const MAX_WEIGHT_GRAMS = 70_000;

const EU = new Set(
  'AT BE BG CY CZ DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
);
const BASE = { domestic: 490, eu: 990, world: 2490 } as const;
const PER_STARTED_KILO = { domestic: 60, eu: 140, world: 520 } as const;
/** Percent of the standard price. */
const LEVEL_PERCENT = { standard: 100, express: 180, overnight: 320 } as const;
const FREE_FROM_CENTS = 10_000;
const DAYS = {
  domestic: { standard: [2, 4], express: [1, 2], overnight: [1, 1] },
  eu: { standard: [4, 7], express: [2, 3], overnight: [1, 2] },
  world: { standard: [8, 20], express: [4, 7], overnight: [3, 4] },
} as const;

const zoneOf = (country: string): Quote['zone'] =>
  country === 'DE' ? 'domestic' : EU.has(country) ? 'eu' : 'world';

export function quote({ weightGrams, country, serviceLevel, subtotalCents }: QuoteRequest): Quote {
  const zone = zoneOf(country);
  const kilos = Math.max(1, Math.ceil(weightGrams / 1000));
  const standard = BASE[zone] + PER_STARTED_KILO[zone] * (kilos - 1);
  const freeShipping =
    zone === 'domestic' && serviceLevel === 'standard' && subtotalCents >= FREE_FROM_CENTS;
  const [minDays, maxDays] = DAYS[zone][serviceLevel];
  return {
    zone,
    amountCents: freeShipping ? 0 : Math.ceil((standard * LEVEL_PERCENT[serviceLevel]) / 100),
    freeShipping,
    minDays,
    maxDays,
  };
}
