package customers

import (
	"time"

	"github.com/google/uuid"
)

// Consent is what a customer agreed to, or took back, at a moment and by a text. It is never changed: another one follows it.
type Consent struct {
	ID uuid.UUID
	// Purpose is what it is for: "newsletter".
	Purpose string
	// TextVersion names the text that the customer saw: "2026-11".
	TextVersion string
	Granted     bool
	At          time.Time
}
