-- Accounting wants every price a product ever had, whoever changed it: hence a trigger and not code.
CREATE TABLE price_history (
  product_id bigint NOT NULL REFERENCES products,
  revision integer NOT NULL,
  old_price numeric(12,2),
  new_price numeric(12,2) NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (product_id, revision)
);

CREATE FUNCTION record_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO price_history (product_id, revision, old_price, new_price)
  SELECT NEW.id, coalesce(max(revision), 0) + 1, CASE WHEN TG_OP = 'UPDATE' THEN OLD.price END, NEW.price
  FROM price_history WHERE product_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER products_price_inserted AFTER INSERT ON products
  FOR EACH ROW EXECUTE FUNCTION record_price();
CREATE TRIGGER products_price_changed AFTER UPDATE OF price ON products
  FOR EACH ROW WHEN (OLD.price IS DISTINCT FROM NEW.price) EXECUTE FUNCTION record_price();

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp() AT TIME ZONE 'UTC';
  RETURN NEW;
END $$;

CREATE TRIGGER products_touched BEFORE UPDATE ON products
  FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
