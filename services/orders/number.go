package orders

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
)

// Number is what people call an order. The counter is what differs, for it comes
// from a sequence; the dash keeps shop and counter apart, so that shop 1 with 0… and
// shop 10 never write the same.
func Number(shop string, counter int64) string {
	return strings.ToUpper(shop) + "-" + strconv.FormatInt(counter, 10)
}

// ParseNumber is a number as it is stored, of one as people type it.
func ParseNumber(typed string) string {
	return strings.ToUpper(strings.Join(strings.Fields(typed), ""))
}

// NewToken is a secret that nobody can guess: 32 random bytes.
func NewToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // does not fail
	return base64.RawURLEncoding.EncodeToString(b[:])
}
