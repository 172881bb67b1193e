-- +goose Up
-- The numbers of a kind of documents ("invoice", "credit-note") and a year: 1, 2, 3, … Nothing is ever changed or taken out.
CREATE TABLE invoicing.numbers (
    series   text NOT NULL CHECK (series IN ('invoice', 'credit-note')),
    year     integer NOT NULL CHECK (year BETWEEN 2000 AND 9999),
    number   integer NOT NULL CHECK (number > 0),
    document uuid NOT NULL UNIQUE,
    PRIMARY KEY (series, year, number)
);

-- Documents as they were issued. Nothing is ever changed or taken out: what is wrong is corrected by a credit note.
CREATE TABLE invoicing.invoices (
    -- UUIDv7: in the order in which they were issued.
    id          uuid PRIMARY KEY,
    series      text NOT NULL,
    year        integer NOT NULL,
    number      integer NOT NULL,
    order_id    uuid NOT NULL,
    -- The invoice that a credit note corrects.
    corrects    uuid REFERENCES invoicing.invoices (id),
    -- Who may see it: a customer who was signed in, and whoever has the order's token. Of that there is a hash alone.
    customer    text NOT NULL DEFAULT '',
    token_hash  bytea,
    gross_minor bigint NOT NULL CHECK (gross_minor >= 0),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    issued_at   timestamptz NOT NULL,
    -- json and text, not jsonb and xml: the bytes stay what they are.
    document    json NOT NULL,
    ubl         text NOT NULL,
    UNIQUE (series, year, number),
    FOREIGN KEY (series, year, number) REFERENCES invoicing.numbers (series, year, number),
    CHECK ((series = 'credit-note') = (corrects IS NOT NULL))
);
-- An order has one invoice.
CREATE UNIQUE INDEX invoices_order ON invoicing.invoices (order_id) WHERE series = 'invoice';
CREATE INDEX invoices_of_order ON invoicing.invoices (order_id, id);
CREATE INDEX invoices_of_customer ON invoicing.invoices (customer, id) WHERE customer <> '';

-- No number without its document: looked at when the transaction commits, for the number comes first.
ALTER TABLE invoicing.numbers ADD FOREIGN KEY (document) REFERENCES invoicing.invoices (id) DEFERRABLE INITIALLY DEFERRED;

-- +goose StatementBegin
CREATE FUNCTION invoicing.kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is issued stays as it is: % of % is forbidden', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON invoicing.invoices FOR EACH STATEMENT EXECUTE FUNCTION invoicing.kept();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON invoicing.numbers FOR EACH STATEMENT EXECUTE FUNCTION invoicing.kept();

-- Whoever writes a number, by whatever way: it is the next one.
-- +goose StatementBegin
CREATE FUNCTION invoicing.follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last integer;
BEGIN
    SELECT coalesce(max(number), 0) INTO last FROM invoicing.numbers WHERE series = NEW.series AND year = NEW.year;
    IF NEW.number <> last + 1 THEN
        RAISE EXCEPTION 'number % of % % does not follow %', NEW.number, NEW.series, NEW.year, last USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER follows BEFORE INSERT ON invoicing.numbers FOR EACH ROW EXECUTE FUNCTION invoicing.follows();

-- What is known of an order, until it has its invoice.
CREATE TABLE invoicing.orders (
    id           uuid PRIMARY KEY,
    saga         uuid UNIQUE,
    -- What orders told of it. Personal data: it goes when the invoice is issued, or the order cancelled without one.
    placed       json,
    paid_at      timestamptz,
    cancelled_at timestamptz
);

-- Money that went back. What is paid back is credited.
CREATE TABLE invoicing.refunds (
    id           uuid PRIMARY KEY,
    -- Either may be missing: payments know the order when it was placed.
    order_id     uuid,
    saga         uuid,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    at           timestamptz NOT NULL
);
CREATE INDEX refunds_order ON invoicing.refunds (order_id);
CREATE INDEX refunds_saga ON invoicing.refunds (saga);
