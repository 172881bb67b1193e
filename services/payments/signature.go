package payments

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far the time of a signature may be from ours, both ways.
const tolerance = 300 * time.Second

// Signed tells whether a webhook's header t=<unix seconds>,v1=<hex> signs the body
// with one of the secrets, and is of about now. Several v1 may stand there, and
// several secrets hold while one takes the place of another.
func Signed(header string, body []byte, now time.Time, secrets ...string) bool {
	var stamp string
	var signatures [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			if raw, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, raw)
			}
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	for _, secret := range secrets {
		if secret == "" {
			continue // one that is not set signs nothing
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(stamp + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, have := range signatures {
			if hmac.Equal(want, have) {
				return true
			}
		}
	}
	return false
}
