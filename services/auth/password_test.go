package auth

import (
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// cheap lets many passwords be compared in a test; their form is that of all.
var cheap = params{memory: 64, time: 1, threads: 1}

func matches(t testing.TB, hash, password string) bool {
	t.Helper()
	is, _, err := cheap.matches(hash, password)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// C41: `$argon2id$v=19$m=19456,t=2,p=1$…`, a salt of 16 bytes each.
func TestC41HashesAreOfArgon2idWithASaltEach(t *testing.T) {
	one, other := current.hashed("the password"), current.hashed("the password")
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !form.MatchString(one) || one == other {
		t.Errorf("%s and %s", one, other)
	}
	if is, weak, err := current.matches(one, "the password"); !is || weak || err != nil {
		t.Errorf("%t %t %v", is, weak, err)
	}
}

// C41: 128 characters, the last one matters; `pässwort` composed and decomposed are equal.
func TestC41AllOfAPasswordCountsInWhateverForm(t *testing.T) {
	long := strings.Repeat("ä", 127)
	hash := cheap.hashed(long + "x")
	if !matches(t, hash, long+"x") || matches(t, hash, long+"y") || matches(t, hash, long) {
		t.Error("the last of 128 characters does not matter")
	}
	if !matches(t, cheap.hashed("p\u00e4sswort"), "pa\u0308sswort") || !matches(t, cheap.hashed("a\u00a0b"), "a b") {
		t.Error("the same characters are another password")
	}
	if matches(t, cheap.hashed("Password"), "password") || matches(t, cheap.hashed("a "), "a") {
		t.Error("other characters are the same password")
	}
}

func TestAPasswordMatchesItselfAndNoOther(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		one, other := rapid.String().Draw(rt, "one"), rapid.String().Draw(rt, "other")
		hash := cheap.hashed(one)
		if !matches(t, hash, one) || matches(t, hash, other) != (string(prepared(one)) == string(prepared(other))) {
			rt.Fatalf("%q and %q", one, other)
		}
	})
}

func TestAHashThatIsNoneIsAnErrorAndAsksForNoMemory(t *testing.T) {
	good := cheap.hashed("x")
	for _, hash := range []string{"", "x", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=4000000000", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-43], "$argon2id$v=19$m=64,t=1,p=1$?$?"} {
		if _, _, err := cheap.matches(hash, "x"); err == nil {
			t.Errorf("%q is a hash", hash)
		}
	}
}

func TestTheHashOfNobodyIsLikeAnyOtherAndOfNoPassword(t *testing.T) {
	hash := current.unmatched()
	if its, _, sum, err := parseHash(hash); err != nil || its != current || len(sum) != hashLength {
		t.Errorf("%s has %+v, a sum of %d bytes, %v", hash, its, len(sum), err)
	}
	if is, weak, err := current.matches(hash, "the password"); is || weak || err != nil {
		t.Errorf("it matches: %t, is weak: %t, %v", is, weak, err)
	}
	if hash == current.unmatched() {
		t.Error("all processes have the same")
	}
}

// Every process of auth makes one when it starts, also a worker, which never sees a password.
func TestALoginIsMadeWithoutHashing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	newLogin(nil, "acme", time.Now)
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("it took %d bytes", after.TotalAlloc-before.TotalAlloc)
	}
}
