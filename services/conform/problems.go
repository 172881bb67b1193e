package conform

import "maps"

const urn = "urn:emporium:problem:"

// kinds are the problem types of services/contract/v1/problems.md, and the status of each.
var kinds = map[string]int{
	"malformed": 400, "unauthenticated": 401, "forbidden": 403, "not-found": 404,
	"conflict": 409, "idempotency-in-flight": 409, "sold-out": 409, "quote-changed": 409, "payment-declined": 409,
	"stale": 412, "invalid": 422, "idempotency-mismatch": 422,
	"precondition-required": 428, "too-many-requests": 429, "unavailable": 503,
}

// blank are the statuses that say it all: their problems may be about:blank.
var blank = map[int]bool{404: true, 405: true, 406: true, 408: true, 413: true, 414: true, 415: true, 417: true, 431: true, 500: true, 501: true}

// Problems returns the types of problems.md, and the status of each.
func Problems() map[string]int { return maps.Clone(kinds) }
