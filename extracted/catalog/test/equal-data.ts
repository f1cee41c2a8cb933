import pg from 'pg';

interface Copy {
  readonly from: string;
  readonly to: string;
  /** Service column → expression over the monolith's table. */
  readonly columns: Readonly<Record<string, string>>;
}

const copies: readonly Copy[] = [
  {
    from: 'categories',
    to: 'category',
    columns: {
      category_id: 'id',
      parent_category_id: 'parent_id',
      slug: 'slug',
      label: 'name',
      sort_order: 'position',
    },
  },
  {
    from: 'products',
    to: 'product',
    columns: {
      product_id: 'id',
      sku: 'sku',
      amount: 'price',
      currency_code: 'currency',
      specs: 'attributes',
      labels: 'tags',
      weight_kg: 'weight',
      erp_reference: 'external_ref',
      state: `CASE status WHEN 'draft' THEN 'unpublished' WHEN 'active' THEN 'on_sale' ELSE 'retired' END`,
      available_from: 'released_on',
      created: 'created_at',
      modified: `updated_at AT TIME ZONE 'UTC'`,
      removed: 'deleted_at',
    },
  },
  {
    from: 'products',
    to: 'product_text',
    columns: { product_id: 'id', title: 'name', body: 'description' },
  },
  {
    from: 'product_categories',
    to: 'product_category',
    columns: { product_id: 'product_id', category_id: 'category_id', sort_order: 'position' },
  },
  {
    from: 'product_images',
    to: 'product_image',
    columns: {
      image_id: 'id',
      product_id: 'product_id',
      file_name: 'filename',
      media_type: 'content_type',
      bytes: 'content',
      digest: 'sha256',
      alternative_text: 'alt_text',
      uploaded: 'uploaded_at',
    },
  },
  {
    from: 'price_history',
    to: 'price_change',
    columns: {
      product_id: 'product_id',
      revision: 'revision',
      previous_amount: 'old_price',
      amount: 'new_price',
      occurred: 'changed_at',
    },
  },
];

/** Gives the service the monolith's rows, so that both can be asked the same questions. */
export async function copyCatalog(monolithUrl: string, serviceUrl: string): Promise<void> {
  const [from, to] = [monolithUrl, serviceUrl].map(
    (url) => new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' }),
  );
  if (!from || !to) return;
  await Promise.all([from.connect(), to.connect()]);
  try {
    for (const copy of copies) {
      const names = Object.keys(copy.columns).join(', ');
      const expressions = Object.entries(copy.columns)
        .map(([name, expression]) => `${expression} AS ${name}`)
        .join(', ');
      const { rows } = await from.query<{ all: string }>(
        `SELECT coalesce(json_agg(r), '[]')::text AS all FROM (SELECT ${expressions} FROM ${copy.from} ORDER BY 1) r`,
      );
      await to.query(
        `INSERT INTO ${copy.to} (${names}) SELECT ${names} FROM json_populate_recordset(NULL::${copy.to}, $1)`,
        [rows[0]?.all],
      );
    }
    for (const [table, id, theirs, theirId] of [
      ['category', 'category_id', 'categories', 'id'],
      ['product', 'product_id', 'products', 'id'],
      ['product_image', 'image_id', 'product_images', 'id'],
    ] as const) {
      const { rows } = await from.query<{ last: string }>(
        `SELECT pg_sequence_last_value(pg_get_serial_sequence('${theirs}', '${theirId}')::regclass)::text AS last`,
      );
      if (rows[0]?.last)
        await to.query(`SELECT setval(pg_get_serial_sequence('${table}', '${id}'), $1)`, [
          rows[0].last,
        ]);
    }
    await to.query('ANALYZE');
  } finally {
    await Promise.all([from.end(), to.end()]);
  }
}
