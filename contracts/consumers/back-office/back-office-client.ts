import { jsonOf, type Send, UnexpectedAnswer } from '../shop-api.ts';

export interface ProductDraft {
  readonly sku: string;
  readonly name: string;
  readonly price: string;
  readonly description?: string | null;
  readonly tags?: readonly string[];
}

export interface EditedProduct {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly price: string;
  readonly status: string;
  readonly updatedAt: string;
}

export interface CategoryDraft {
  readonly slug: string;
  readonly name: string;
  readonly position?: number;
}

export interface EditedCategory extends CategoryDraft {
  readonly id: string;
  readonly parentId: string | null;
}

export interface UploadedImage {
  readonly id: string;
  readonly url: string;
  readonly size: number;
}

export interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly type: string;
}

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/**
 * What the catalog refused, as forms show it: each field with its problem, the field that collides, or one word. What is neither
 * done nor refused (the shop is away, no such page) is an `UnexpectedAnswer`.
 */
export type Done<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] }
  | { readonly kind: 'conflict'; readonly field: string }
  | { readonly kind: 'missing'; readonly what: string }
  | { readonly kind: 'refused'; readonly why: string };

/** The staff's view of the catalog: everything that changes it. */
export class BackOfficeClient {
  readonly #send: Send;
  readonly #headers: Readonly<Record<string, string>>;
  constructor(send: Send, token: string) {
    this.#send = send;
    this.#headers = { authorization: `Bearer ${token}` };
  }

  createProduct(draft: ProductDraft): Promise<Done<EditedProduct>> {
    return this.#write('POST', '/api/products', draft);
  }

  changeProduct(id: string, change: Partial<ProductDraft>): Promise<Done<EditedProduct>> {
    return this.#write('PATCH', `/api/products/${id}`, change);
  }

  deleteProduct(id: string): Promise<Done<undefined>> {
    return this.#write('DELETE', `/api/products/${id}`);
  }

  adjustPrice(id: string, delta: string): Promise<Done<{ readonly price: string }>> {
    return this.#write('POST', `/api/products/${id}/adjust-price`, { delta });
  }

  /** A field after the file arrives too late for some servers: the text goes first. */
  uploadImage(id: string, picture: Picture, altText?: string): Promise<Done<UploadedImage>> {
    const form = new FormData();
    if (altText !== undefined) form.set('alt_text', altText);
    form.set('image', new Blob([picture.bytes], { type: picture.type }), picture.name);
    return this.#write('POST', `/api/products/${id}/images`, form);
  }

  deleteImage(id: string, imageId: string): Promise<Done<undefined>> {
    return this.#write('DELETE', `/api/products/${id}/images/${imageId}`);
  }

  createCategory(draft: CategoryDraft): Promise<Done<EditedCategory>> {
    return this.#write('POST', '/api/categories', draft);
  }

  changeCategory(id: string, change: Partial<CategoryDraft>): Promise<Done<EditedCategory>> {
    return this.#write('PATCH', `/api/categories/${id}`, change);
  }

  assign(
    id: string,
    categoryId: string,
    position: number,
  ): Promise<Done<{ readonly position: number }>> {
    return this.#write('PUT', `/api/products/${id}/categories/${categoryId}`, { position });
  }

  unassign(id: string, categoryId: string): Promise<Done<undefined>> {
    return this.#write('DELETE', `/api/products/${id}/categories/${categoryId}`);
  }

  async #write<T>(method: string, path: string, body?: object): Promise<Done<T>> {
    const form = body instanceof FormData;
    const response = await this.#send(path, {
      method,
      headers: {
        ...this.#headers,
        ...(body !== undefined && !form && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
    });
    switch (response.status) {
      case 200:
      case 201:
        return { kind: 'done', value: await jsonOf<T>(response) };
      case 204:
        // Those methods whose answer has no body say so in their type.
        return { kind: 'done', value: undefined as T };
      case 400:
      case 401:
      case 415:
        return { kind: 'refused', why: (await jsonOf<{ error: string }>(response)).error };
      case 404:
        return { kind: 'missing', what: (await jsonOf<{ error: string }>(response)).error };
      case 409:
        return { kind: 'conflict', field: (await jsonOf<{ field: string }>(response)).field };
      case 422: {
        const { errors } = await jsonOf<{ errors: FieldProblem[] }>(response);
        return { kind: 'invalid', problems: errors };
      }
      default:
        throw new UnexpectedAnswer(`${method} ${path}`, response.status, await response.text());
    }
  }
}
