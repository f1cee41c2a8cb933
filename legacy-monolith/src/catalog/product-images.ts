import { createHash } from 'node:crypto';
import { Router } from 'express';
import multer from 'multer';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';
import { mustBeUser } from '../identity/authenticate.ts';
import { pathId } from './path-id.ts';
import { imageJson } from './product-json.ts';
import { mustExist } from './product-store.ts';

const ACCEPTED = /^image\/(png|jpeg|webp|gif)$/;
const receive = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: 2 * 1024 * 1024, files: 1, fields: 5 },
});
const imageNotFound = (): HttpError => new HttpError(404, { error: 'image not found' });

export function productImageRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/products/:id/images', async (request, response) => {
    const id = pathId(request.params.id);
    await mustExist(db, id);
    const rows = await db
      .selectFrom('product_images')
      .select(['id', 'product_id', 'filename', 'content_type', 'sha256', 'alt_text'])
      .where('product_id', '=', id)
      .orderBy('id')
      .execute();
    response.json(rows.map(imageJson));
  });

  router.get('/api/products/:id/images/:imageId', async (request, response) => {
    const [id, imageId] = [pathId(request.params.id), pathId(request.params.imageId)];
    const row = await db
      .selectFrom('product_images')
      .innerJoin('products', 'products.id', 'product_id')
      .select(['content', 'content_type', 'filename', 'sha256'])
      .where('product_images.id', '=', imageId)
      .where('product_id', '=', id)
      .where('products.deleted_at', 'is', null)
      .executeTakeFirst();
    if (!row) throw imageNotFound();
    response
      .set('cache-control', 'public, max-age=86400')
      .set('etag', `"${row.sha256.toString('hex')}"`);
    response.set('content-disposition', `inline; filename="${row.filename}"`);
    response.type(row.content_type).send(row.content);
  });

  router.post(
    '/api/products/:id/images',
    (request, _response, next) => {
      mustBeUser(request);
      next();
    },
    receive.single('image'),
    async (request, response) => {
      const id = pathId(request.params.id);
      const file = request.file;
      if (!file)
        throw new HttpError(400, {
          error: 'no file',
          message: 'send multipart/form-data with a file named image',
        });
      if (!ACCEPTED.test(file.mimetype))
        throw new HttpError(415, { error: 'unsupported image type' });
      await mustExist(db, id);
      const altText: unknown = request.body?.alt_text;
      const row = await db
        .insertInto('product_images')
        .values({
          product_id: id,
          filename: safeFilename(file.originalname),
          content_type: file.mimetype,
          content: file.buffer,
          sha256: createHash('sha256').update(file.buffer).digest(),
          ...(typeof altText === 'string' ? { alt_text: altText.slice(0, 500) } : { alt_text: '' }),
        })
        .returning(['id', 'product_id', 'filename', 'content_type', 'sha256', 'alt_text'])
        .executeTakeFirstOrThrow();
      const image = imageJson(row);
      response
        .status(201)
        .location(image.url)
        .json({ ...image, size: file.size });
    },
  );

  router.delete('/api/products/:id/images/:imageId', async (request, response) => {
    mustBeUser(request);
    const result = await db
      .deleteFrom('product_images')
      .where('id', '=', pathId(request.params.imageId))
      .where('product_id', '=', pathId(request.params.id))
      .executeTakeFirst();
    if (result.numDeletedRows === 0n) throw imageNotFound();
    response.status(204).end();
  });

  return router;
}

/** What came from a client goes into a header later. */
const safeFilename = (name: string): string => name.replace(/[^\w.-]/g, '_').slice(-100) || 'image';
