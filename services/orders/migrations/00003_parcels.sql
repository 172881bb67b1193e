-- +goose Up
-- What shipping told of an order's parcels: each once, whatever is told twice.
CREATE TABLE orders.parcels (
    parcel       uuid PRIMARY KEY,
    order_id     uuid NOT NULL REFERENCES orders.orders,
    carrier      text NOT NULL DEFAULT '',
    tracking     text NOT NULL,
    -- [{"sku": …, "quantity": …}]
    lines        jsonb NOT NULL,
    sent_at      timestamptz NOT NULL,
    delivered_at timestamptz
);
CREATE INDEX parcels_order ON orders.parcels (order_id);
-- How many parcels left. It stands in the order's own row, so that who waits for the row's lock sees it: goods that left cannot be cancelled.
ALTER TABLE orders.orders ADD COLUMN IF NOT EXISTS parcels_sent integer NOT NULL DEFAULT 0;
