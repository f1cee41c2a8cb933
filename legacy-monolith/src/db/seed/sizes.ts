export interface SeedSizes {
  readonly users: number;
  readonly products: number;
  readonly orders: number;
}

/** Demo users come first: their ids and tokens are the same at every scale. */
export const DEMO_USERS = 50;
export const WAREHOUSES = 3;
export const TOP_CATEGORIES = 6;
export const SUB_CATEGORIES = 4;
export const CATEGORIES = TOP_CATEGORIES * (1 + SUB_CATEGORIES);
export const FIRST_PRODUCT_ID = 9_007_199_254_741_001n;
export const FIRST_ORDER_ID = 10_001n;
/** Every date of the seed counts from here, or two runs would differ. */
export const EPOCH = Date.UTC(2024, 0, 1);

export function seedSizes(scale: number): SeedSizes {
  if (!Number.isFinite(scale) || scale <= 0 || scale > 10_000)
    throw new Error(`scale is ${scale}; give a number above 0, 1 for the default size`);
  const sized = (base: number): number => Math.max(1, Math.round(base * scale));
  return { users: DEMO_USERS + sized(150), products: sized(500), orders: sized(600) };
}
