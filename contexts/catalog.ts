import { defineMigration, env } from '@strangler-toolkit/plan';

/** The service marks products as removed; one that it really deletes while others refer to it is looked at by a person. */
const inUse = {
  onApply: 'park',
  reason: 'Products that are in use are never deleted: if one is, it was a mistake.',
} as const;

const pricesTravel = {
  onApply: 'accept',
  reason: 'price_history is mapped: the service writes each price, and the row comes back.',
} as const;

export default defineMigration({
  context: 'catalog',
  data: 'replicated',
  // Each side tells which build it is: pacts and compared reads of another one count no longer.
  monolith: {
    url: env('MONOLITH_URL'),
    database: env('MONOLITH_DATABASE_URL'),
    buildPath: '/version',
  },
  service: {
    url: env('CATALOG_URL'),
    database: env('CATALOG_DATABASE_URL'),
    buildPath: '/version',
  },
  identity: ['header:authorization', 'cookie:sid', 'header:x-client-id'],

  routes: [
    { name: 'products-list', method: 'GET', path: '/api/products', kind: 'read' },
    {
      name: 'product-detail',
      method: 'GET',
      path: '/api/products/:id',
      kind: 'read',
      compare: { headers: ['etag', 'cache-control'] },
    },
    { name: 'product-create', method: 'POST', path: '/api/products', kind: 'write' },
    { name: 'product-change', method: 'PATCH', path: '/api/products/:id', kind: 'write' },
    { name: 'product-delete', method: 'DELETE', path: '/api/products/:id', kind: 'write' },
    { name: 'price-adjust', method: 'POST', path: '/api/products/:id/adjust-price', kind: 'write' },
    { name: 'price-history', method: 'GET', path: '/api/products/:id/price-history', kind: 'read' },
    { name: 'images-list', method: 'GET', path: '/api/products/:id/images', kind: 'read' },
    {
      name: 'image-download',
      method: 'GET',
      path: '/api/products/:id/images/:imageId',
      kind: 'read',
      compare: { headers: ['etag', 'cache-control', 'content-disposition'] },
    },
    { name: 'image-upload', method: 'POST', path: '/api/products/:id/images', kind: 'write' },
    {
      name: 'image-delete',
      method: 'DELETE',
      path: '/api/products/:id/images/:imageId',
      kind: 'write',
    },
    { name: 'categories-tree', method: 'GET', path: '/api/categories', kind: 'read' },
    { name: 'category-detail', method: 'GET', path: '/api/categories/:id', kind: 'read' },
    { name: 'category-create', method: 'POST', path: '/api/categories', kind: 'write' },
    { name: 'category-change', method: 'PATCH', path: '/api/categories/:id', kind: 'write' },
    {
      name: 'category-assign',
      method: 'PUT',
      path: '/api/products/:id/categories/:categoryId',
      kind: 'write',
    },
    {
      name: 'category-unassign',
      method: 'DELETE',
      path: '/api/products/:id/categories/:categoryId',
      kind: 'write',
    },
  ],

  tables: [
    {
      monolith: 'categories',
      service: [
        {
          table: 'category',
          columns: {
            id: 'category_id',
            parent_id: 'parent_category_id',
            slug: 'slug',
            name: 'label',
            position: 'sort_order',
          },
        },
      ],
      leave: {
        created_at: {
          onReturn: 'default',
          reason: 'No answer ever showed when a category was made.',
        },
      },
    },
    {
      monolith: 'products',
      service: [
        {
          table: 'product',
          columns: {
            id: 'product_id',
            sku: 'sku',
            price: 'amount',
            currency: 'currency_code',
            status: {
              to: 'state',
              values: { draft: 'unpublished', active: 'on_sale', discontinued: 'retired' },
            },
            attributes: 'specs',
            tags: 'labels',
            weight: 'weight_kg',
            external_ref: 'erp_reference',
            released_on: 'available_from',
            created_at: 'created',
            updated_at: { to: 'modified', zone: 'UTC' },
            deleted_at: 'removed',
          },
        },
        // Texts are long and searched, prices short and changed all day: they do not share a row any more.
        {
          table: 'product_text',
          columns: { id: 'product_id', name: 'title', description: 'body' },
        },
      ],
    },
    {
      monolith: 'product_categories',
      service: [
        {
          table: 'product_category',
          columns: { product_id: 'product_id', category_id: 'category_id', position: 'sort_order' },
        },
      ],
    },
    {
      monolith: 'product_images',
      service: [
        {
          table: 'product_image',
          columns: {
            id: 'image_id',
            product_id: 'product_id',
            filename: 'file_name',
            content_type: 'media_type',
            content: 'bytes',
            sha256: 'digest',
            alt_text: 'alternative_text',
            uploaded_at: 'uploaded',
          },
        },
      ],
    },
    {
      monolith: 'price_history',
      service: [
        {
          table: 'price_change',
          columns: {
            product_id: 'product_id',
            revision: 'revision',
            old_price: 'previous_amount',
            new_price: 'amount',
            changed_at: 'occurred',
          },
        },
      ],
      ids: { revision: { reason: 'Both sides count per product, from the rows themselves.' } },
    },
  ],

  foreignKeys: {
    monolith: {
      'stock_levels.stock_levels_product_id_fkey': inUse,
      'stock_movements.stock_movements_product_id_fkey': inUse,
      'cart_items.cart_items_product_id_fkey': inUse,
      'order_items.order_items_product_id_fkey': inUse,
    },
  },

  triggers: {
    monolith: {
      'products.products_price_inserted': pricesTravel,
      'products.products_price_changed': pricesTravel,
      'products.products_touched': {
        onApply: 'accept',
        reason: 'The service writes when a product was changed itself, and the column is mapped.',
      },
    },
  },

  contracts: {
    pacts: 'contracts/pacts',
    provider: 'catalog',
    // Instances with scratch databases: one pact writes, and provider states make rows.
    url: {
      monolith: env('MONOLITH_PACT_URL', 'http://127.0.0.1:3001'),
      service: env('CATALOG_PACT_URL', 'http://127.0.0.1:4011'),
    },
    stateUrl: {
      monolith: env('MONOLITH_PACT_STATE_URL', 'http://127.0.0.1:3001/_test/states'),
      service: env('CATALOG_PACT_STATE_URL', 'http://127.0.0.1:4011/_test/states'),
    },
    // What the search listens to, and what the catalog reads of the shop's changes.
    messages: {
      'catalog-events': {
        service: {
          from: 'outbox',
          database: env(
            'CATALOG_PACT_DATABASE_URL',
            'postgresql://postgres@127.0.0.1:5432/catalog',
          ),
        },
      },
      'shop-changes': {
        monolith: {
          from: 'changes',
          database: env('MONOLITH_PACT_DATABASE_URL', 'postgresql://postgres@127.0.0.1:5432/shop'),
        },
      },
    },
  },
});
