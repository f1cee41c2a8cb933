export const productStates = ['unpublished', 'on_sale', 'retired'] as const;
export type ProductState = (typeof productStates)[number];

/** What a request may set. An absent field keeps its value or takes its default; null means that there is none. */
export interface ProductFields {
  readonly sku?: string | undefined;
  readonly title?: string | undefined;
  readonly body?: string | null | undefined;
  readonly amount?: string | undefined;
  readonly currencyCode?: string | null | undefined;
  readonly state?: ProductState | undefined;
  readonly specs?: Readonly<Record<string, unknown>> | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly weightKg?: string | null | undefined;
  readonly erpReference?: string | null | undefined;
  readonly availableFrom?: string | null | undefined;
}

export type NewProduct = ProductFields & {
  readonly sku: string;
  readonly title: string;
  readonly amount: string;
};

export interface ProductSummary {
  readonly id: string;
  readonly sku: string;
  readonly title: string;
  readonly amount: string;
  readonly currencyCode: string | null;
  readonly state: ProductState;
  readonly labels: readonly string[];
  readonly weightKg: string | null;
  readonly erpReference: string | null;
  readonly availableFrom: string | null;
  readonly created: Date;
  readonly modified: Date;
}

export interface CategoryRef {
  readonly id: string;
  readonly slug: string;
  readonly label: string;
}

export interface Image {
  readonly id: string;
  readonly productId: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly digest: Buffer;
  readonly alternativeText: string | null;
}

export interface Product extends ProductSummary {
  readonly body: string | null;
  readonly specs: unknown;
  readonly categories: readonly CategoryRef[];
  readonly images: readonly Image[];
}

export interface PriceChange {
  readonly revision: number;
  readonly previousAmount: string | null;
  readonly amount: string;
  readonly occurred: Date;
}
