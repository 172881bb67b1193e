package postgres

import "time"

// Every makes Watch look more often.
func (db *DB) Every(d time.Duration) { db.every = d }

// Unfit tells whether an error means that the schema does not fit.
func Unfit(err error) bool { _, is := err.(unfit); return is } //nolint:errorlint // it is never wrapped
