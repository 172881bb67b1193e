// Package postgres holds what the PostgreSQL image is made of besides Debian's packages.
package postgres

import _ "embed"

// Entrypoint starts the server in the image.
//
//go:embed entrypoint.sh
var Entrypoint []byte
