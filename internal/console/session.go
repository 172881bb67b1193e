package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	mostSessions = 1000
	sessionTime  = 8 * time.Hour
)

// session is one browser that signed in. It lives in memory: it ends with the process.
type session struct {
	*identity
	ends time.Time
	// over ends with the session; streams end with it.
	over context.Context
	end  context.CancelFunc
}

// sessions by the hash of the cookie's value: who reads our memory by a bug of ours finds nothing to send.
type sessions struct {
	now func() time.Time
	mu  sync.Mutex
	all map[[32]byte]*session
}

// Secret is 256 bits that nobody guesses: a code, or the value of a cookie.
func Secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails, says its documentation
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// begin makes a session of somebody until a time, and returns the value of its cookie.
func (s *sessions) begin(who *identity, until time.Time) string {
	value := Secret()
	over, end := context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	s.all[sha256.Sum256([]byte(value))] = &session{identity: who, ends: until, over: over, end: end}
	return value
}

// sweep ends the sessions whose time is up; of too many, the one that would end first.
func (s *sessions) sweep() {
	var oldest [32]byte
	for key, one := range s.all {
		if !s.now().Before(one.ends) {
			one.end()
			delete(s.all, key)
		} else if first, ok := s.all[oldest]; !ok || one.ends.Before(first.ends) {
			oldest = key
		}
	}
	if len(s.all) >= mostSessions {
		s.all[oldest].end()
		delete(s.all, oldest)
	}
}

// of returns the session of a cookie's value, or nil.
func (s *sessions) of(value string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[sha256.Sum256([]byte(value))]
	if one == nil || !s.now().Before(one.ends) {
		return nil
	}
	return one
}

// finish ends a session.
func (s *sessions) finish(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(value))
	if one := s.all[key]; one != nil {
		one.end()
		delete(s.all, key)
	}
}

// until is when a session of a token ends that begins now: with the token, where it says when that is. Whether the token
// is right only the API server can tell.
func until(token string, now time.Time) time.Time {
	ends := now.Add(sessionTime)
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err == nil && claims.ExpiresAt != nil && claims.ExpiresAt.Before(ends) {
		return claims.ExpiresAt.Time
	}
	return ends
}

// cookie holds a session. Browsers send the cookies of all ports of a host to each of them, so the port is part of the name.
func (s *Server) cookie(value string) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName, Value: value, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
