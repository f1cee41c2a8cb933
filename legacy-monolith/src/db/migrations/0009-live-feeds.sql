-- Every process of the shop hears of every change, whichever process made it.
CREATE FUNCTION announce_order_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('order_status', json_build_object(
    'id', NEW.id::text, 'order_id', NEW.order_id::text, 'status', NEW.status, 'at', NEW.at,
    'user_id', (SELECT user_id FROM orders WHERE id = NEW.order_id))::text);
  RETURN NULL;
END $$;
CREATE TRIGGER order_events_announced AFTER INSERT ON order_events
  FOR EACH ROW EXECUTE FUNCTION announce_order_event();

CREATE FUNCTION announce_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('notification', json_build_object('id', NEW.id::text, 'userId', NEW.user_id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER notifications_announced AFTER INSERT ON notifications
  FOR EACH ROW EXECUTE FUNCTION announce_notification();
