/** The tariff as data: a new zone or service level is a new line. Money in cents, so that no rounding hides in a float. */
export const serviceLevels = ['standard', 'express', 'overnight'] as const;
export type ServiceLevel = (typeof serviceLevels)[number];
export type Zone = 'domestic' | 'eu' | 'world';

export interface Parcel {
  readonly weightGrams: number;
  readonly country: string;
  readonly serviceLevel: ServiceLevel;
  readonly goodsCents: bigint;
}

export interface Quote {
  readonly zone: Zone;
  readonly amountCents: number;
  readonly freeShipping: boolean;
  readonly days: readonly [min: number, max: number];
}

interface Tariff {
  readonly firstKiloCents: number;
  readonly furtherKiloCents: number;
  readonly freeStandardFromCents: bigint | null;
  readonly days: Readonly<Record<ServiceLevel, readonly [number, number]>>;
}

export const heaviestGrams = 70_000;

const tariffs: Readonly<Record<Zone, Tariff>> = {
  domestic: {
    firstKiloCents: 490,
    furtherKiloCents: 60,
    freeStandardFromCents: 10_000n,
    days: { standard: [2, 4], express: [1, 2], overnight: [1, 1] },
  },
  eu: {
    firstKiloCents: 990,
    furtherKiloCents: 140,
    freeStandardFromCents: null,
    days: { standard: [4, 7], express: [2, 3], overnight: [1, 2] },
  },
  world: {
    firstKiloCents: 2490,
    furtherKiloCents: 520,
    freeStandardFromCents: null,
    days: { standard: [8, 20], express: [4, 7], overnight: [3, 4] },
  },
};

const percentOfStandard: Readonly<Record<ServiceLevel, number>> = {
  standard: 100,
  express: 180,
  overnight: 320,
};

const home = 'DE';
const unionCountries = new Set([
  'AT',
  'BE',
  'BG',
  'CY',
  'CZ',
  'DK',
  'EE',
  'ES',
  'FI',
  'FR',
  'GR',
  'HR',
  'HU',
  'IE',
  'IT',
  'LT',
  'LU',
  'LV',
  'MT',
  'NL',
  'PL',
  'PT',
  'RO',
  'SE',
  'SI',
  'SK',
]);

const zoneOf = (country: string): Zone =>
  country === home ? 'domestic' : unionCountries.has(country) ? 'eu' : 'world';

export function quote(parcel: Parcel): Quote {
  const zone = zoneOf(parcel.country);
  const tariff = tariffs[zone];
  const startedKilos = Math.max(1, Math.ceil(parcel.weightGrams / 1000));
  const standardCents = tariff.firstKiloCents + tariff.furtherKiloCents * (startedKilos - 1);
  const freeShipping =
    parcel.serviceLevel === 'standard' &&
    tariff.freeStandardFromCents !== null &&
    parcel.goodsCents >= tariff.freeStandardFromCents;
  return {
    zone,
    amountCents: freeShipping
      ? 0
      : Math.ceil((standardCents * percentOfStandard[parcel.serviceLevel]) / 100),
    freeShipping,
    days: tariff.days[parcel.serviceLevel],
  };
}
