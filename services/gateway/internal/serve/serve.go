// Package serve owns the listeners and their end: not ready, keep serving,
// finish what is in flight, exit.
package serve

import (
	"log/slog"
	"net/http"
	"time"
)

// Limits bound what one client may cost.
type Limits struct {
	// ReadHeaderTimeout is how long a client may take to send its header.
	ReadHeaderTimeout time.Duration
	// IdleTimeout is how long a connection is kept without a request.
	IdleTimeout time.Duration
	// MaxHeaderBytes is the largest request header.
	MaxHeaderBytes int
}

// NewServer returns a server of HTTP/1.1 and of HTTP/2 without TLS (with prior
// knowledge). It sets no limit on a whole request or response: uploads, event
// streams and WebSockets last as long as they last.
func NewServer(handler http.Handler, l Limits, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: l.ReadHeaderTimeout,
		IdleTimeout:       l.IdleTimeout,
		MaxHeaderBytes:    l.MaxHeaderBytes,
		// "OPTIONS *" is answered as everything else: by the table.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
