/** What a request says of a category; undefined: nothing, so a change leaves it as it is. */
export interface CategoryFields {
  readonly slug?: string | undefined;
  readonly label?: string | undefined;
  readonly parentId?: string | null | undefined;
  readonly sortOrder?: number | undefined;
}

export type NewCategory = CategoryFields & { readonly slug: string; readonly label: string };

export interface CategoryRow {
  readonly id: string;
  readonly parentId: string | null;
  readonly slug: string;
  readonly label: string;
  readonly sortOrder: number;
}

export interface CategoryNode extends CategoryRow {
  readonly children: readonly CategoryNode[];
}

export interface Category extends CategoryRow {
  readonly path: readonly { readonly id: string; readonly slug: string; readonly label: string }[];
  readonly productCount: number;
}

/** Rows come sorted; each level keeps that order. A row whose parent is missing stands at the top. */
export function categoryTree(rows: readonly CategoryRow[]): readonly CategoryNode[] {
  const nodes = new Map(
    rows.map((row) => [row.id, { ...row, children: new Array<CategoryNode>() }]),
  );
  const roots: CategoryNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.parentId === null ? undefined : nodes.get(node.parentId);
    (parent?.children ?? roots).push(node);
  }
  return roots;
}
