-- +goose Up
-- Whose a cart is: NULL for guests. A customer has one at most (00005).
ALTER TABLE cart.carts ADD COLUMN IF NOT EXISTS customer text;
-- How many two carts had together of a product, where there are not as many: told until the quantity is set again.
ALTER TABLE cart.lines ADD COLUMN IF NOT EXISTS wanted integer CHECK (wanted > 0);
-- Guests' carts that joined a customer's: an order that was made of one takes what it bought out of the other.
CREATE TABLE IF NOT EXISTS cart.merges (
    guest   uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES cart.carts ON DELETE CASCADE,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS merges_cart ON cart.merges (cart_id);
