import { createHash } from 'node:crypto';
import type { Image } from '../domain/product.ts';
import { missing } from '../domain/refusal.ts';
import { publishPart } from './catalog-events.ts';
import type { Db } from './database.ts';
import { imageColumns } from './product-reads.ts';

export interface NewImage {
  readonly productId: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly alternativeText: string;
}

export async function readImage(
  db: Db,
  productId: string,
  imageId: string,
): Promise<{ bytes: Buffer; mediaType: string; fileName: string; digest: Buffer }> {
  const row = await db
    .selectFrom('product_image')
    .innerJoin('product', 'product.product_id', 'product_image.product_id')
    .select(['bytes', 'media_type as mediaType', 'file_name as fileName', 'digest'])
    .where('image_id', '=', imageId)
    .where('product_image.product_id', '=', productId)
    .where('removed', 'is', null)
    .executeTakeFirst();
  if (!row) throw missing('image');
  return row;
}

export const addImage = (db: Db, image: NewImage): Promise<Image> =>
  db.transaction().execute(async (tx) => {
    const added = await tx
      .insertInto('product_image')
      .values({
        product_id: image.productId,
        file_name: image.fileName,
        media_type: image.mediaType,
        bytes: image.bytes,
        digest: createHash('sha256').update(image.bytes).digest(),
        alternative_text: image.alternativeText,
      })
      .returning(imageColumns)
      .executeTakeFirstOrThrow();
    await publishPart(tx, 'product.image-added', image.productId, {
      imageId: added.id,
      fileName: added.fileName,
      mediaType: added.mediaType,
      sha256: added.digest.toString('hex'),
    });
    return added;
  });

export async function removeImage(db: Db, productId: string, imageId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const result = await tx
      .deleteFrom('product_image')
      .where('image_id', '=', imageId)
      .where('product_id', '=', productId)
      .executeTakeFirst();
    if (result.numDeletedRows === 0n) throw missing('image');
    await publishPart(tx, 'product.image-removed', productId, { imageId });
  });
}
