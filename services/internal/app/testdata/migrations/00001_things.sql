-- +goose Up
CREATE TABLE play.things (id bigint PRIMARY KEY);
