package auth

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// signInAPI is the HTTP of customers.
type signInAPI struct{ *customers }

type (
	signInInput struct {
		Forwarded string `header:"X-Forwarded-For" doc:"Who asks, as the front door says: wrong passwords are counted by it"`
		Body      struct {
			Email    string `json:"email" minLength:"1" maxLength:"300"`
			Password string `json:"password" minLength:"1" maxLength:"256"`
			Device   string `json:"device,omitempty" maxLength:"100" doc:"What the customer's device is called, for the list of sessions"`
		}
	}
	refreshInput struct {
		Body struct {
			RefreshToken string `json:"refreshToken" minLength:"1" maxLength:"100"`
		}
	}
	mailInput struct {
		httpapi.Idempotent
		Forwarded string `header:"X-Forwarded-For" doc:"Who asks, as the front door says: mails are counted by it"`
		Body      struct {
			Email  string `json:"email" minLength:"1" maxLength:"300"`
			Locale string `json:"locale,omitempty" maxLength:"35" doc:"The mail's language" example:"de-AT"`
		}
	}
	confirmInput struct {
		httpapi.Idempotent
		Body struct {
			Token    string `json:"token" minLength:"1" maxLength:"100" doc:"That of the mail's link"`
			Password string `json:"password" minLength:"1" maxLength:"256" doc:"8 characters at least"`
		}
	}
	passwordInput struct {
		httpapi.Idempotent
		Body struct {
			Password    string `json:"password" minLength:"1" maxLength:"256" doc:"The one there is"`
			NewPassword string `json:"newPassword" minLength:"1" maxLength:"256" doc:"8 characters at least"`
		}
	}
	sessionList   struct{ page.Query }
	sessionRemove struct {
		httpapi.IfMatch
		ID uuid.UUID `path:"id" format:"uuid"`
	}
	mailRead struct {
		ID uuid.UUID `path:"id" format:"uuid"`
	}
)

type sessionBody struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Device  string    `json:"device,omitempty"`
	Current bool      `json:"current" doc:"The one that asks"`
	MadeAt  time.Time `json:"madeAt"`
	UsedAt  time.Time `json:"usedAt"`
	EndsAt  time.Time `json:"endsAt" doc:"Unless it is used before"`
}

type signedBody struct {
	Customer     uuid.UUID `json:"customer" format:"uuid"`
	Session      uuid.UUID `json:"session" format:"uuid"`
	Token        string    `json:"token" doc:"For the header Authorization: Bearer"`
	ExpiresAt    time.Time `json:"expiresAt"`
	RefreshToken string    `json:"refreshToken" doc:"For the next token, once. Keep it where no script reads it"`
}

type wantedMail struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Kind   string    `json:"kind" enum:"registration,known,reset,unknown" doc:"registration and reset have a link; known: who asked to register has an account; unknown: who asked for a reset has none"`
	To     string    `json:"to"`
	Locale string    `json:"locale,omitempty"`
	Token  string    `json:"token,omitempty" doc:"The link's"`
	EndsAt time.Time `json:"endsAt"`
}

type (
	doneBody     struct{}
	signedOutput struct {
		CacheControl string `header:"Cache-Control"`
		Body         signedBody
	}
	doneOutput struct {
		CacheControl string `header:"Cache-Control"`
		Body         doneBody
	}
	sessionsOutput struct{ Body page.Of[sessionBody] }
	sessionOutput  struct {
		ETag string `header:"ETag"`
		Body sessionBody
	}
	wantedOutput struct {
		CacheControl string `header:"Cache-Control"`
		Body         wantedMail
	}
)

var sessionShape = etag.ShapeOf[sessionBody]()

func (a *signInAPI) routes(r *httpapi.API) {
	busy := httpapi.Refuses(http.StatusTooManyRequests, http.StatusServiceUnavailable)
	wrong := httpapi.Refuses(http.StatusUnauthorized)
	httpapi.Post(r, root+"/sessions", access.Public, a.begin, httpapi.ID("signIn"), httpapi.Summary("Sign in as a customer"), httpapi.Safe(), busy, wrong,
		httpapi.About("Begins a session, a new one each time. A wrong address and a wrong password are answered alike. After ten of them in a minute address and client rest. 503: too many passwords are compared at once."))
	httpapi.Post(r, root+"/refreshes", access.Public, a.next, httpapi.ID("refreshSession"), httpapi.Summary("The next token of a session"), httpapi.Safe(), wrong,
		httpapi.About("A refresh token is good once, and answers the same for 30 s, for who did not get the answer. Used again later, or after its successor, it ends the session: two have it."))
	httpapi.Post(r, root+"/logouts", access.Public, a.leave, httpapi.ID("signOut"), httpapi.Summary("End the session of a refresh token"), httpapi.Safe(), httpapi.About("One that is not known is answered alike. A token that is out is good until it expires, for five minutes at most, but not in auth."))
	httpapi.List(r, root+"/sessions", access.Customer, a.list, httpapi.ID("listSessions"), httpapi.Summary("One's own sessions"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Delete(r, root+"/sessions/{id}", access.Customer, a.end, httpapi.ID("endSession"), httpapi.Summary("End one of one's sessions"), httpapi.Refuses(http.StatusNotFound),
		httpapi.About("Answers the session that is gone. If-Match: * is enough: nobody changes a session."))
	httpapi.Post(r, root+"/registrations", access.Public, a.mail(registration), httpapi.ID("register"), httpapi.Summary("Get a mail that lets one register"), httpapi.Status(http.StatusAccepted), busy,
		httpapi.About("Always 202: the mail tells whether there was an account. Its link's token goes to the confirmations."))
	httpapi.Post(r, root+"/resets", access.Public, a.mail(reset), httpapi.ID("resetPassword"), httpapi.Summary("Get a mail that lets one set a password"), httpapi.Status(http.StatusAccepted), busy, httpapi.About("Always 202."))
	httpapi.Post(r, root+"/confirmations", access.Public, a.confirmed, httpapi.ID("confirm"), httpapi.Summary("Set the password, with the token of a mail"), busy,
		httpapi.About("Makes the account if there is none. All its sessions end."))
	httpapi.Post(r, root+"/passwords", access.Customer, a.changed, httpapi.ID("changePassword"), httpapi.Summary("Change one's password"), busy, httpapi.About("All other sessions end."))
	httpapi.Get(r, "/internal/auth/mails/{id}", access.Service("notifications"), a.wantedMail, httpapi.ID("getWantedMail"), httpapi.Summary("A mail that is to be sent"), httpapi.Refuses(http.StatusNotFound))
}

// refused answers whoever is nobody.
func refused(err error, detail string) error {
	if errors.Is(err, errWrong) {
		return problem.New(problem.Unauthenticated, detail).With("WWW-Authenticate", "Bearer")
	}
	return err
}

// client is who asks, as the front door says: the last that it added. It is empty where nobody does.
func client(forwarded string) string {
	return strings.TrimSpace(forwarded[strings.LastIndexByte(forwarded, ',')+1:])
}

func (a *signInAPI) begin(ctx context.Context, in *signInInput) (*signedOutput, error) {
	s, err := a.signIn(ctx, in.Body.Email, in.Body.Password, in.Body.Device, client(in.Forwarded))
	return answerSigned(s, refused(err, "The address or the password is wrong."))
}

func answerSigned(s Signed, err error) (*signedOutput, error) {
	if err != nil {
		return nil, err
	}
	return &signedOutput{"no-store", signedBody{s.Session.Account, s.Session.ID, s.Text, s.Expires, s.Refresh}}, nil
}

func (a *signInAPI) next(ctx context.Context, in *refreshInput) (*signedOutput, error) {
	s, err := a.refresh(ctx, in.Body.RefreshToken)
	return answerSigned(s, refused(err, "The session has ended. Sign in again."))
}

func (a *signInAPI) leave(ctx context.Context, in *refreshInput) (*doneOutput, error) {
	return &doneOutput{CacheControl: "no-store"}, a.signOut(ctx, in.Body.RefreshToken)
}

// me is the customer who asks, if the session of the token has not ended. A good token that no session has, which auth did not make,
// is of somebody who has neither sessions nor a password here.
func (a *signInAPI) me(ctx context.Context) (account, session uuid.UUID, err error) {
	who := access.From(ctx)
	if who.Session == "" {
		return uuid.Nil, uuid.Nil, nil
	}
	if account, err = uuid.Parse(who.Subject); err == nil {
		session, err = uuid.Parse(who.Session)
	}
	if err != nil {
		return account, session, refused(errWrong, "The session has ended. Sign in again.")
	}
	if _, err = a.store.session(ctx, account, session, a.now()); fault.Is(err, fault.NotFoundKind) {
		err = errWrong
	}
	return account, session, refused(err, "The session has ended. Sign in again.")
}

func (a *signInAPI) list(ctx context.Context, in *sessionList) (*sessionsOutput, error) {
	account, current, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	after, err := page.After[uuid.UUID](in.Query, account.String())
	if err != nil {
		return nil, err
	}
	found, err := a.store.ofAccount(ctx, account, after, a.now(), in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(s Session) uuid.UUID { return s.ID }, account.String())
	if err != nil {
		return nil, err
	}
	out := &sessionsOutput{page.Of[sessionBody]{Items: make([]sessionBody, len(piece.Items)), Next: piece.Next}}
	for n, s := range piece.Items {
		out.Body.Items[n] = bodyOfSession(s, current)
	}
	return out, nil
}

func bodyOfSession(s Session, current uuid.UUID) sessionBody {
	return sessionBody{s.ID, s.Device, s.ID == current, s.MadeAt, s.UsedAt, s.EndsAt}
}

func (a *signInAPI) end(ctx context.Context, in *sessionRemove) (*sessionOutput, error) {
	account, current, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.store.session(ctx, account, in.ID, a.now())
	if err == nil {
		err = in.Check(1)
	}
	if err == nil {
		err = a.endOne(ctx, s.ID)
	}
	if err != nil {
		return nil, err
	}
	return &sessionOutput{sessionShape.Tag(1), bodyOfSession(s, current)}, nil
}

// mail answers everybody alike, once for a key.
func (a *signInAPI) mail(kind string) func(context.Context, *mailInput) (*httpapi.Answer[doneBody], error) {
	return func(ctx context.Context, in *mailInput) (*httpapi.Answer[doneBody], error) {
		m, err := contact.ParseMail("#/email", in.Body.Email)
		if err != nil {
			return nil, err
		}
		if err := a.counted(ctx, client(in.Forwarded)); err != nil {
			return nil, err
		}
		return a.once(ctx, in.Idempotent, in.Sent(ctx), http.StatusAccepted, func(ctx context.Context, tx pgx.Tx) error {
			return a.wanted(ctx, tx, kind, m, in.Body.Locale)
		})
	}
}

// once has an effect and answers that it is done, in one commit. No secret is in an answer that is stored.
func (a *signInAPI) once(ctx context.Context, key httpapi.Idempotent, sent []byte, status int, do func(context.Context, pgx.Tx) error) (*httpapi.Answer[doneBody], error) {
	stored, err := idempotency.Once(ctx, a.store.db, key.Key(ctx), sent, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		return idempotency.Stored{Status: status, Body: []byte("{}")}, do(ctx, tx)
	})
	if err != nil {
		return nil, refused(err, "The session has ended. Sign in again.")
	}
	return httpapi.Replay[doneBody](stored), nil
}

func (a *signInAPI) confirmed(ctx context.Context, in *confirmInput) (out *httpapi.Answer[doneBody], err error) {
	if err := checkedPassword("#/password", in.Body.Password); err != nil {
		return nil, err
	}
	err = a.inTurn(ctx, func() (err error) {
		sent := current.slow(in.Sent(ctx), in.Header)
		out, err = a.once(ctx, in.Idempotent, sent, http.StatusOK, func(ctx context.Context, tx pgx.Tx) error {
			return a.confirm(ctx, tx, in.Body.Token, in.Body.Password)
		})
		return err
	})
	return out, err
}

func (a *signInAPI) changed(ctx context.Context, in *passwordInput) (out *httpapi.Answer[doneBody], err error) {
	if err := checkedPassword("#/newPassword", in.Body.NewPassword); err != nil {
		return nil, err
	}
	account, session, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	err = a.inTurn(ctx, func() error {
		sent := current.slow(in.Sent(ctx), in.Header)
		if s, err := idempotency.Answered(ctx, a.store.db, in.Key(ctx), sent); err != nil || s != nil {
			out = httpapi.Replay[doneBody](*cmp.Or(s, &idempotency.Stored{}))
			return err
		}
		was, err := a.knows(ctx, account, in.Body.Password)
		if err != nil {
			return refused(err, "The session has ended. Sign in again.")
		}
		hash := current.hashed(in.Body.NewPassword)
		out, err = a.once(ctx, in.Idempotent, sent, http.StatusOK, func(ctx context.Context, tx pgx.Tx) error {
			return errors.Join(replacePassword(ctx, tx, account, was, hash), endOthers(ctx, tx, account, session))
		})
		return err
	})
	return out, err
}

func (a *signInAPI) wantedMail(ctx context.Context, in *mailRead) (*wantedOutput, error) {
	m, err := a.store.mail(ctx, in.ID, a.now())
	if err != nil {
		return nil, err
	}
	return &wantedOutput{"no-store", wantedMail{m.ID, m.Kind, m.To, m.Locale, m.Secret, m.EndsAt}}, nil
}
