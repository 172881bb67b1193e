package inventory

import (
	"time"

	"github.com/google/uuid"
)

const (
	// mostUnits bounds the quantity of a line, and what is told to be available of
	// a product that is made when it is ordered.
	mostUnits = 1_000_000
	// holdFor is how long a hold is good where nobody says.
	holdFor = 15 * time.Minute
)

// Stock is how much of a product there is.
type Stock struct {
	SKU string
	// OnHand is what stands on the shelf, the sum of the product's movements.
	// Reserved is what open holds have of it.
	OnHand, Reserved int64
	// Short is how many are reserved and not there any more, because a movement
	// took them off the shelf under a hold.
	Short int64
	// Unlimited is made when it is ordered: it is never sold out, and what is on
	// hand may be below zero.
	Unlimited bool
	// Piece makes it a carton, which has no stock of its own: it takes Pieces of Piece.
	Piece  string
	Pieces int64
	// Version rises with each change of Unlimited.
	Version int64
}

// Want is one line of what a customer wants. One product may stand in several.
type Want struct {
	SKU      string
	Quantity int64
}

// Line is what a hold has of one product.
type Line struct {
	SKU      string
	Quantity int64
	// Taken is whose stock that is, and Units how many of it: of a carton its pieces.
	Taken string
	Units int64
	// Missing is how many of the units were not there when the order was placed.
	Missing int64
}

// Cause says why something was moved.
type Cause string

// Staff move for the first four; Sold and Cancelled are an order's.
const (
	Received  Cause = "received"
	Counted   Cause = "counted"
	Damaged   Cause = "damaged"
	Corrected Cause = "corrected"
	Sold      Cause = "sold"
	Restocked Cause = "cancelled"
)

// Movement is one line of the ledger: what came, and what went (below zero).
type Movement struct {
	ID       uuid.UUID
	SKU      string
	Quantity int64
	Cause    Cause
	// Hold is whose goods were sold or came back; none of what staff move.
	Hold uuid.UUID
	// Staff is who moved it.
	Staff string
	At    time.Time
}

// free is what a hold may take. It is below zero where something is missing.
func (s Stock) free() int64 {
	if s.Unlimited {
		return mostUnits
	}
	return s.OnHand - s.Reserved
}

// shorted is the stock with what is missing under its holds. Whatever is done, it is
// seen here; only a movement can make it more.
func (s Stock) shorted() Stock {
	s.Short = 0
	if !s.Unlimited {
		s.Short = max(0, s.Reserved-s.OnHand)
	}
	return s
}
