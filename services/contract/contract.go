// Package contract holds the text and the schemas of what every service of a
// shop keeps to, for programs that read them.
package contract

import "embed"

// V1 is the contract's first version: v1/README.md, v1/schemas/money.json and so on.
//
//go:embed v1
var V1 embed.FS
