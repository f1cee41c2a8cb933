import { createHash } from 'node:crypto';
import type { Image } from '../domain/product.ts';
import { missing } from '../domain/refusal.ts';
import type { Db } from './database.ts';
import { imageColumns } from './product-reads.ts';

export interface NewImage {
  readonly productId: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly alternativeText: string;
}

export async function readImage(db: Db, productId: string, imageId: string): Promise<{ bytes: Buffer; mediaType: string; fileName: string; digest: Buffer }> {
  const row = await db.selectFrom('product_image').innerJoin('product', 'product.product_id', 'product_image.product_id')
    .select(['bytes', 'media_type as mediaType', 'file_name as fileName', 'digest'])
    .where('image_id', '=', imageId).where('product_image.product_id', '=', productId).where('removed', 'is', null).executeTakeFirst();
  if (!row) throw missing('image');
  return row;
}

export const addImage = (db: Db, image: NewImage): Promise<Image> =>
  db.insertInto('product_image').values({
    product_id: image.productId, file_name: image.fileName, media_type: image.mediaType, bytes: image.bytes,
    digest: createHash('sha256').update(image.bytes).digest(), alternative_text: image.alternativeText,
  }).returning(imageColumns).executeTakeFirstOrThrow();

export async function removeImage(db: Db, productId: string, imageId: string): Promise<void> {
  const result = await db.deleteFrom('product_image').where('image_id', '=', imageId).where('product_id', '=', productId).executeTakeFirst();
  if (result.numDeletedRows === 0n) throw missing('image');
}
