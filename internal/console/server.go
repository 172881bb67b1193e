package console

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options of a console. Either Local and Code are set, or Login.
type Options struct {
	// Local is who acts where the console runs on one person's machine, and Code lets their browser in, once.
	Local Person
	Code  string
	// Login makes a person of a bearer token.
	Login func(token string) (Person, error)
	// Hosts are the Host headers that are answered, with their ports.
	Hosts []string
	// Secure: browsers reach it by HTTPS.
	Secure bool
	// Port is part of the cookie's name.
	Port string
	Log  *slog.Logger
	Now  func() time.Time
}

// Server is the console.
type Server struct {
	local      *identity
	identities *identities
	sessions   *sessions
	hub        *hub
	hosts      []string
	secure     bool
	cookieName string
	log        *slog.Logger
	now        func() time.Time
	routes     http.Handler

	mu   sync.Mutex
	code string // "" once it was used
}

// New makes a console. In local mode it asks who its person is.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		hosts: o.Hosts, secure: o.Secure, cookieName: "emporium-console-" + o.Port, log: o.Log, now: o.Now, code: o.Code,
		sessions: &sessions{now: o.Now, all: map[[32]byte]*session{}}, hub: newHub(),
	}
	if o.Secure {
		s.cookieName = "__Host-" + s.cookieName
	}
	switch {
	case o.Login != nil:
		s.identities = &identities{login: o.Login, now: o.Now, all: map[[32]byte]*identity{}}
	case o.Local != nil:
		who, err := o.Local.Who(ctx)
		if err != nil {
			return nil, err
		}
		s.local = &identity{person: o.Local, who: who}
	default:
		return nil, errors.New("a console has either a person or a way to sign in")
	}
	s.routes = s.guard(s.mux())
	return s, nil
}

func (s *Server) mux() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /static/{hash}/{file}", s.static)
	if s.local != nil {
		m.HandleFunc("GET /start", s.startPage)
		m.HandleFunc("POST /start", s.start)
	} else {
		m.HandleFunc("GET /login", s.loginPage)
		m.HandleFunc("POST /login", s.login)
	}
	m.HandleFunc("POST /logout", s.logout)
	m.HandleFunc("GET /{$}", s.signedIn(s.home))
	m.HandleFunc("GET /shops", s.signedIn(s.shops))
	const shop = "/shops/{namespace}/{shop}"
	m.HandleFunc("GET "+shop, s.signedIn(s.shop))
	m.HandleFunc("GET "+shop+"/changes", s.signedIn(s.changes))
	m.HandleFunc("GET "+shop+"/history", s.signedIn(s.history))
	m.HandleFunc("GET "+shop+"/diff", s.signedIn(s.diff))
	m.HandleFunc("GET "+shop+"/logs", s.signedIn(s.logs))
	m.HandleFunc("GET "+shop+"/releases/{release}", s.signedIn(s.release))
	m.HandleFunc("GET "+shop+"/services/{service}", s.signedIn(s.service))
	for path, kind := range kinds {
		m.HandleFunc("GET "+shop+"/"+path, s.signedIn(s.read(kind)))
		m.HandleFunc("POST "+shop+"/"+path, s.signedIn(s.act(kind)))
	}
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, notFound) })
	return m
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// redeem tells whether a code is the one that lets a browser in. It does so once.
func (s *Server) redeem(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == "" || subtle.ConstantTimeCompare([]byte(s.code), []byte(code)) != 1 {
		return false
	}
	s.code = ""
	return true
}

// Bounds of a connection. A stream sets its own before each write.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 60 * time.Second
	drain         = 5 * time.Second
)

// Serve answers at a listener until ctx ends, which ends all streams, and then what is under way.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: mostHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		ended <- server.Shutdown(within)
	})
	err := server.Serve(listener)
	s.hub.close()
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-ended
}

// Loopback listens on this machine alone, at a port that the system chooses where none is given. There is no other address
// for a console that acts with one person's rights.
func Loopback(ctx context.Context, port string) (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
}
