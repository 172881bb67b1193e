// Package serve owns the listeners and their end: not ready, keep serving,
// finish what is in flight, exit.
package serve

import (
	"log/slog"
	"net/http"
	"time"
)

// Limits bound what clients may cost. 0 is no bound, or the default of net/http.
type Limits struct {
	// ReadHeaderTimeout is how long a client may take to send its header.
	ReadHeaderTimeout time.Duration
	// IdleTimeout is how long a connection is kept without a request.
	IdleTimeout time.Duration
	// WriteTimeout is how long a client may take to read a piece of a response.
	WriteTimeout time.Duration
	// UpgradeIdleTimeout is how long an upgraded connection may carry nothing.
	UpgradeIdleTimeout time.Duration
	// MaxHeaderBytes is the largest request header.
	MaxHeaderBytes int
	// MaxConnections is how many connections there may be at once.
	MaxConnections int
	// MaxStreams is how many requests one HTTP/2 connection may make at once.
	MaxStreams int
}

const (
	// streamWindow is what a client may send ahead in one HTTP/2 request; less than the
	// 64 KiB of the protocol's default cannot be said before it has sent them.
	streamWindow = 64 << 10
	// connectionWindow is the same for all requests of a connection together.
	connectionWindow = 256 << 10
	// silence is how long an HTTP/2 connection may say nothing before it is asked whether
	// it is still there.
	silence = 15 * time.Second
)

// NewServer returns a server of HTTP/1.1 and of HTTP/2 without TLS (with prior
// knowledge). It sets no limit on a whole request or response: uploads, event
// streams and WebSockets last as long as they last. See Limited for the others.
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
		ConnState:         follow,
		ConnContext:       withClient,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: l.MaxStreams, SendPingTimeout: silence, PingTimeout: silence, WriteByteTimeout: l.WriteTimeout,
			MaxReceiveBufferPerConnection: connectionWindow, MaxReceiveBufferPerStream: streamWindow,
		},
		// "OPTIONS *" is answered as everything else: by the table.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
