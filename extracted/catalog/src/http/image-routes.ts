import { Router } from 'express';
import multer from 'multer';
import type { Db } from '../db/database.ts';
import { addImage, readImage, removeImage } from '../db/image-store.ts';
import { imagesOf, requireProduct } from '../db/product-reads.ts';
import { Refusal } from '../domain/refusal.ts';
import { imageAnswer } from './answers.ts';
import { requireUser } from './authenticate.ts';
import { isFields, pathId } from './read-fields.ts';

const accepted = /^image\/(png|jpeg|webp|gif)$/;
const receive = multer({
  storage: multer.memoryStorage(),
  limits: { fileSize: 2 * 1024 * 1024, files: 1, fields: 5 },
});

export function imageRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/products/:id/images', async (request, response) => {
    const id = pathId(request.params.id);
    await requireProduct(db, id);
    response.json((await imagesOf(db, id)).map(imageAnswer));
  });

  router.get('/api/products/:id/images/:imageId', async (request, response) => {
    const image = await readImage(db, pathId(request.params.id), pathId(request.params.imageId));
    response
      .set('cache-control', 'public, max-age=86400')
      .set('etag', `"${image.digest.toString('hex')}"`);
    response.set('content-disposition', `inline; filename="${image.fileName}"`);
    response.type(image.mediaType).send(image.bytes);
  });

  router.post(
    '/api/products/:id/images',
    requireUser,
    receive.single('image'),
    async (request, response) => {
      const productId = pathId(request.params.id);
      const file = request.file;
      if (!file) throw new Refusal({ kind: 'no-file' });
      if (!accepted.test(file.mimetype)) throw new Refusal({ kind: 'bad-image-type' });
      await requireProduct(db, productId);
      const text = isFields(request.body) ? request.body.alt_text : undefined;
      const image = imageAnswer(
        await addImage(db, {
          productId,
          fileName: headerSafe(file.originalname),
          mediaType: file.mimetype,
          bytes: file.buffer,
          alternativeText: typeof text === 'string' ? text.slice(0, 500) : '',
        }),
      );
      response
        .status(201)
        .location(image.url)
        .json({ ...image, size: file.size });
    },
  );

  router.delete('/api/products/:id/images/:imageId', requireUser, async (request, response) => {
    const imageId = pathId(request.params.imageId);
    await removeImage(db, pathId(request.params.id), imageId);
    response.status(204).end();
  });

  return router;
}

/** What came from a client goes into a header later. */
const headerSafe = (name: string): string => name.replace(/[^\w.-]/g, '_').slice(-100) || 'image';
