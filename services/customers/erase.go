package customers

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Holders are the services that hold personal data and answer an erasure, where CUSTOMERS_HOLDERS names no others.
var Holders = []string{"auth", "cart", "loyalty", "notifications", "orders", "returns", "reviews"}

// own is this service, which erases first.
const own = "customers"

// again is after how long services are told again that have not answered.
const again = time.Hour

// Erasure is the proof that a customer is forgotten.
type Erasure struct {
	// ID is random: whoever has it may read the proof.
	ID       uuid.UUID
	Customer string
	AskedAt  time.Time
	// CompleteAt is zero until every service has answered.
	CompleteAt time.Time
	// Answers are those of all services that hold personal data, by name.
	Answers []ErasureAnswer
}

// ErasureAnswer is what one service said.
type ErasureAnswer struct {
	Service string
	// Count is how many things it deleted or made anonymous; nil until it has answered.
	Count *int64
	At    time.Time
}

// Waiting names the services that have not answered.
func (e Erasure) Waiting() []string {
	list := []string{}
	for _, a := range e.Answers {
		if a.Count == nil {
			list = append(list, a.Service)
		}
	}
	return list
}

var errHolders = errors.New("CUSTOMERS_HOLDERS is a list of names of services, with commas between")

// readHolders reads which services must answer.
func readHolders(text string) ([]string, error) {
	if text == "" {
		return Holders, nil
	}
	list := strings.Split(text, ",")
	for n := range list {
		if list[n] = strings.TrimSpace(list[n]); list[n] == "" || list[n] == own {
			return nil, errHolders
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
