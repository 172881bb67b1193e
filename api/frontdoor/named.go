package frontdoor

import (
	"encoding/json"
	"fmt"
)

// Named is the part of a table that a switch writes. With front door type
// GatewayAPI it stands in an annotation of the HTTPRoute, beside the backend that it
// tells of, and the table follows it.
type Named struct {
	// Active is the release whose gateway the HTTPRoute names.
	Active string  `json:"active"`
	Switch *Switch `json:"switch,omitempty"`
	Guard  *Guard  `json:"guard,omitempty"`
}

// Encode returns what is stored. Equal values give equal bytes.
func (n Named) Encode() (string, error) {
	b, err := json.Marshal(n)
	return string(b), err
}

// DecodeNamed reads what Encode returned.
func DecodeNamed(data string) (Named, error) {
	var n Named
	if err := json.Unmarshal([]byte(data), &n); err != nil {
		return Named{}, fmt.Errorf("decoding what the route names: %w", err)
	}
	return n, nil
}
