// Package docs holds the pages that programs quote, so that they say the same as the documentation.
package docs

import _ "embed"

// LookInside is docs/guides/look-inside.md, whose tables explain every status.
//
//go:embed guides/look-inside.md
var LookInside string
