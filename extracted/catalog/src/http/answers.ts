import type { Category, CategoryNode } from '../domain/category.ts';
import type { Image, PriceChange, Product, ProductSummary } from '../domain/product.ts';
import { statusWord } from './status-words.ts';

/** The API began in snake_case and was continued in camelCase; clients depend on both, and on the order for the ETag. */
export const productSummary = (product: ProductSummary) => ({
  id: product.id,
  sku: product.sku,
  name: product.title,
  price: product.amount,
  currency: product.currencyCode,
  status: statusWord(product.state),
  tags: product.labels,
  weight: product.weightKg,
  external_ref: product.erpReference,
  releasedOn: product.availableFrom,
  created_at: product.created.toISOString(),
  updatedAt: product.modified.toISOString(),
});

export const imageAnswer = (image: Image) => ({
  id: image.id,
  filename: image.fileName,
  contentType: image.mediaType,
  sha256: image.digest.toString('hex'),
  alt_text: image.alternativeText,
  url: `/api/products/${image.productId}/images/${image.id}`,
});

export const productDetail = (product: Product) => ({
  ...productSummary(product),
  description: product.body,
  attributes: product.specs,
  categories: product.categories.map(({ id, slug, label }) => ({ id, slug, name: label })),
  images: product.images.map(imageAnswer),
});

export const priceHistory = (productId: string, changes: readonly PriceChange[]) => ({
  product_id: productId,
  entries: changes.map(({ revision, previousAmount, amount, occurred }) => ({
    revision,
    oldPrice: previousAmount,
    newPrice: amount,
    changedAt: occurred.toISOString(),
  })),
});

export const categoryDetail = (category: Category) => ({
  id: category.id,
  slug: category.slug,
  name: category.label,
  parentId: category.parentId,
  position: category.sortOrder,
  product_count: category.productCount,
  path: category.path.map(({ id, slug, label }) => ({ id, slug, name: label })),
});

interface TreeAnswer {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly position: number;
  readonly children: readonly TreeAnswer[];
}

export const treeAnswer = ({ id, slug, label, sortOrder, children }: CategoryNode): TreeAnswer => ({
  id,
  slug,
  name: label,
  position: sortOrder,
  children: children.map(treeAnswer),
});
