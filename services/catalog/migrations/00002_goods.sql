-- +goose Up
-- Version 2 was the sample goods, which are no migration any more: `catalog seed`
-- writes them. The number stays taken, for databases that count to it.
SELECT 1;
