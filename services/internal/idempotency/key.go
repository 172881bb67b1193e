// Package idempotency lets a client repeat a request of which it does not know
// whether it arrived. What a POST does is done once for a key, and whoever sends
// the key again gets the first answer.
//
// Once is for what one transaction can do. Begin, Resume and Finish are for what
// asks other services on the way, each of them by a key of its own.
package idempotency

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// header is where a key stands, for what is wrong with it.
	header = "header.Idempotency-Key"
	// least and most bound a key, in characters: too long to meet by chance.
	least, most = 16, 255
	// secret is how many random bytes the key of an anonymous caller has. It is all
	// that keeps others from his answer.
	secret = 16
	// variety is how many different characters such a key has at least: "aaaa…" is
	// not random, however long it is. Of 22 random ones it is missed once in 10^10.
	variety = 8
)

//go:embed schema.sql
var tables string

// Tables belong into the schema of a service that uses this package.
var Tables = postgres.Part{Name: "idempotency", Version: 1, SQL: tables}

// Key names a request. Two requests are the same one only if all three are.
type Key struct {
	// Caller is whom the access check found; empty for an anonymous one.
	Caller string
	// Route is method and pattern: "POST /api/cart".
	Route string
	// Value is what the client chose: a UUID.
	Value string
}

// ParseKey reads the header: as it is, or as a string in quotes, which is the
// form of draft-ietf-httpapi-idempotency-key-header. Both are the same key.
func ParseKey(value string) string {
	value = strings.TrimSpace(value)
	if inner, quoted := strings.CutPrefix(value, `"`); quoted && strings.HasSuffix(inner, `"`) {
		return strings.TrimSuffix(inner, `"`)
	}
	return value
}

// Valid is nil for a key that can be used, a fault.BadRequest for one that is
// missing, and a fault.InvalidParameter for one that could be met by chance.
func (k Key) Valid() error {
	switch {
	case k.Value == "":
		return fault.BadRequest(header, "It is missing: without one, a repeated request would be done twice. Send a new UUID with each new request.")
	case len(k.Value) < least || len(k.Value) > most || strings.ContainsFunc(k.Value, invisible):
		return fault.InvalidParameter(header, "A key has 16 to 255 visible ASCII characters, such as a UUID.")
	case k.Caller == "" && !random(k.Value):
		return fault.InvalidParameter(header, "Without signing in, the key is all that keeps others from the answer: send a random UUID, or 16 random bytes in hex or base64url.")
	}
	return nil
}

func invisible(r rune) bool { return r <= ' ' || r > '~' }

// random tells whether a key can be 16 random bytes: a UUID that is made of
// randomness, or so many bytes as text.
func random(value string) bool {
	if id, err := uuid.Parse(value); err == nil && len(value) == len(id.String()) {
		return id.Version() == 4 || id.Version() == 7
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
	enough := secret
	if strings.Trim(value, "0123456789abcdefABCDEF") == "" { // hex is base64 as well, of fewer bits
		enough = secret * 3 / 2
	}
	return err == nil && len(raw) >= enough && distinct(value) >= variety
}

func distinct(value string) int {
	seen := map[rune]bool{}
	for _, r := range value {
		seen[r] = true
	}
	return len(seen)
}

// lockID is the advisory lock of a key in the schema.
func (k Key) lockID(schema string) int64 {
	sum := sha256.Sum256([]byte(strings.Join([]string{schema, k.Caller, k.Route, k.Value}, "\x00")))
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // any 64 bits will do
}

// fingerprint is the same for bodies that mean the same JSON, whatever blanks and
// order of fields they have; of anything else it is that of the bytes.
func fingerprint(body []byte) []byte {
	if same, ok := canonical(body); ok {
		sum := sha256.Sum256(append([]byte("json\x00"), same...))
		return sum[:]
	}
	sum := sha256.Sum256(append([]byte("raw\x00"), body...))
	return sum[:]
}

func canonical(body []byte) ([]byte, bool) {
	in := json.NewDecoder(bytes.NewReader(body))
	in.UseNumber() // 1.0 and 1 stay two bodies; no digit is lost
	var v any
	if in.Decode(&v) != nil {
		return nil, false
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	same, err := json.Marshal(v) // sorts the fields
	return same, err == nil
}
