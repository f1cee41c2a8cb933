/** What the pages ask the shop's API with: the very client that the storefront's contract is written with. */
export {
  type ListedCategory,
  type ListedProduct,
  type ShownImage,
  type ShownProduct,
  StorefrontClient,
} from '../../../contracts/consumers/storefront/storefront-client.ts';
