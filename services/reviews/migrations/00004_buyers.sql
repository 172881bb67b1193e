-- Who may review what: the goods that a customer bought, as orders tells them, and whether they arrived, as shipping and orders tell.
CREATE TABLE reviews.bought (
    order_id uuid NOT NULL,
    sku      text NOT NULL,
    -- Missing while only the parcel is known, and for good where a guest bought.
    customer text,
    arrived  boolean NOT NULL DEFAULT false,
    noted    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, sku)
);
CREATE INDEX bought_customer ON reviews.bought (customer, sku);
CREATE INDEX bought_nameless ON reviews.bought (noted) WHERE customer IS NULL;
