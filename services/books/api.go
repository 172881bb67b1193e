package books

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is the path that the shop gives to this service: shop/service.yaml.
// verdictPath is where a release check asks, which the front door refuses.
const root, verdictPath = "/api/books", "/internal/books/verdict"

// judging is how long a verdict may take.
const judging = 25 * time.Second

// api is the HTTP.
type api struct {
	store    *store
	comparer *comparer
	now      func() time.Time
}

// statusBody is how the books stand.
type statusBody struct {
	Balanced   bool       `json:"balanced" doc:"Everything was compared once, and nothing is open"`
	ComparedAt time.Time  `json:"comparedAt,omitzero" doc:"When the last round ended; absent where none did"`
	Compared   int64      `json:"compared" doc:"How many times something was compared, ever"`
	Pending    int64      `json:"pending" doc:"Checkouts that are under way, and are compared again"`
	Complete   bool       `json:"complete" doc:"Every book was read to its end once"`
	Open       int        `json:"open" doc:"Violations that nobody accepted"`
	Rules      []ruleBody `json:"rules" nullable:"false"`
}

// ruleBody is a rule with how often it is broken.
type ruleBody struct {
	Rule string `json:"rule" example:"charged-once"`
	Says string `json:"says"`
	Mend string `json:"mend" doc:"The way out"`
	Open int    `json:"open"`
}

// violationBody is what does not balance.
type violationBody struct {
	ID         uuid.UUID `json:"id" format:"uuid"`
	Rule       string    `json:"rule" example:"charged-once"`
	Object     string    `json:"object" example:"order ACME-100001"`
	Detail     string    `json:"detail"`
	Mend       string    `json:"mend" doc:"The way out"`
	State      string    `json:"state" doc:"open, accepted or resolved"`
	FoundAt    time.Time `json:"foundAt"`
	ResolvedAt time.Time `json:"resolvedAt,omitzero"`
	AcceptedAt time.Time `json:"acceptedAt,omitzero"`
	AcceptedBy string    `json:"acceptedBy,omitempty"`
	Reason     string    `json:"reason,omitempty"`
}

// verdictBody is what a release check is told.
type verdictBody struct {
	ComparedAt time.Time       `json:"comparedAt,omitzero"`
	Complete   bool            `json:"complete"`
	Behind     bool            `json:"behind" doc:"There is more to read than can be read at once, so nothing was compared"`
	Away       []string        `json:"away" nullable:"false" doc:"Services that did not show their books, so nothing was compared"`
	Violations []violationLine `json:"violations" nullable:"false" doc:"Those that nobody accepted"`
}

type violationLine struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Rule   string    `json:"rule"`
	Object string    `json:"object"`
	Detail string    `json:"detail"`
	Mend   string    `json:"mend"`
}

type acceptanceBody struct {
	Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why it is known and need not stop a release"`
}

type statusOutput struct {
	ETag string `header:"ETag"`
	Body statusBody
}

type listInput struct {
	page.Query
	Rule  string `query:"rule" maxLength:"64" doc:"Only those of this rule"`
	State string `query:"state" enum:"open,accepted,resolved" doc:"Only those in this state"`
}

type listOutput struct{ Body page.Of[violationBody] }

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type acceptInput struct {
	httpapi.IfMatch
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body acceptanceBody
}

type violationOutput struct {
	ETag string `header:"ETag"`
	Body violationBody
}

type verdictOutput struct{ Body verdictBody }

var shape = etag.ShapeOf[violationBody]()

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	reads, missing := access.Staff("books:read"), httpapi.Refuses(http.StatusNotFound)
	httpapi.Get(r, root, reads, a.status, httpapi.ID("getBooks"), httpapi.Summary("Whether the shop's books balance"))
	httpapi.List(r, root+"/violations", reads, a.list, httpapi.ID("listViolations"), httpapi.Summary("What does not balance, and did not"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, root+"/violations/{id}", reads, a.get, httpapi.ID("getViolation"), httpapi.Summary("One violation"), missing)
	httpapi.Put(r, root+"/violations/{id}/acceptance", access.Staff("books:write"), a.accept, httpapi.ID("acceptViolation"), missing, httpapi.Refuses(http.StatusConflict),
		httpapi.Summary("Say that a violation is known"), httpapi.About("It stays listed, and stops no release any more. Where it changes, or comes back after it was gone, it is a new one."))
	httpapi.Get(r, verdictPath, access.Service("books"), a.verdict, httpapi.ID("getVerdict"), httpapi.With(httpapi.Limits{Deadline: judging, InFlight: 2}),
		httpapi.Summary("Compare what changed, now, and write nothing"), httpapi.About("For the check of a release: the books are read from the services of the stack that is asked."))
	return r
}

func (a *api) status(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	status, err := a.store.status(ctx)
	if err != nil {
		return nil, err
	}
	byRule, err := a.store.open(ctx)
	if err != nil {
		return nil, err
	}
	b := statusBody{ComparedAt: status.ComparedAt, Compared: status.Compared, Pending: status.Pending, Complete: status.Complete, Rules: []ruleBody{}}
	for _, n := range byRule {
		b.Open += n
	}
	b.Balanced = b.Open == 0 && b.Complete && !b.ComparedAt.IsZero()
	for _, r := range Rules {
		b.Rules = append(b.Rules, ruleBody{r.Name, r.Says, r.Mend, byRule[r.Name]})
	}
	tag, err := b.tag()
	return &statusOutput{tag, b}, err
}

// tag changes with each round and each acceptance: with anything that the answer says.
func (b statusBody) tag() (string, error) {
	text, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("tagging how the books stand: %w", err)
	}
	return etag.ShapeFrom(string(text)).Tag(b.Compared), nil
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[uuid.UUID](in.Query, in.Rule, in.State)
	if err != nil {
		return nil, err
	}
	if _, known := rule(in.Rule); !known && in.Rule != "" {
		return nil, fault.InvalidParameter("query.rule", "There is no such rule. GET "+root+" lists them.")
	}
	found, err := a.store.list(ctx, in.Rule, in.State, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(f Found) uuid.UUID { return f.ID }, in.Rule, in.State)
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[violationBody]{Items: make([]violationBody, len(piece.Items)), Next: piece.Next}}
	for n, f := range piece.Items {
		out.Body.Items[n] = bodyOf(f)
	}
	return out, nil
}

func (a *api) get(ctx context.Context, in *readInput) (*violationOutput, error) {
	f, err := a.store.violation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &violationOutput{shape.Tag(f.Version), bodyOf(f)}, nil
}

// accept notes who knows of a violation, and why it need not stop a release.
func (a *api) accept(ctx context.Context, in *acceptInput) (*violationOutput, error) {
	f, err := a.acceptAt(ctx, in.ID, in.Body.Reason, func(f Found) error {
		if in.Repeated(f.Version, f.Reason == in.Body.Reason && f.AcceptedBy == access.From(ctx).Subject) {
			return errDone
		}
		return in.Check(f.Version)
	})
	if err != nil {
		return nil, err
	}
	return &violationOutput{shape.Tag(f.Version), bodyOf(f)}, nil
}

// errDone says that there is nothing to be done: it was done before.
var errDone = errors.New("it is accepted already")

// acceptAt accepts a violation, if check lets what is stored pass.
func (a *api) acceptAt(ctx context.Context, id uuid.UUID, reason string, check func(Found) error) (Found, error) {
	f, err := a.store.violation(ctx, id)
	if err == nil {
		err = check(f)
	}
	switch {
	case errors.Is(err, errDone):
		return f, nil
	case err != nil:
		return f, err
	case !f.ResolvedAt.IsZero():
		return f, fault.Conflict(fault.ConflictKind, "The violation is gone: there is nothing to accept.")
	}
	f.AcceptedAt, f.AcceptedBy, f.Reason = a.now().UTC().Truncate(time.Microsecond), access.From(ctx).Subject, reason
	if err := a.store.accept(ctx, f); err != nil {
		return f, err
	}
	f.Version++
	return f, nil
}

func (a *api) verdict(ctx context.Context, _ *struct{}) (*verdictOutput, error) {
	out, err := a.comparer.verdict(ctx)
	if err != nil {
		return nil, err
	}
	b := verdictBody{ComparedAt: out.ComparedAt, Complete: out.Complete, Behind: out.Behind, Away: append([]string{}, out.Away...), Violations: []violationLine{}}
	for _, v := range out.Violations {
		b.Violations = append(b.Violations, violationLine{v.ID, v.Rule, v.Object, v.Detail, mend(v.Rule)})
	}
	return &verdictOutput{b}, nil
}

func bodyOf(f Found) violationBody {
	return violationBody{f.ID, f.Rule, f.Object, f.Detail, mend(f.Rule), f.State(), f.FoundAt, f.ResolvedAt, f.AcceptedAt, f.AcceptedBy, f.Reason}
}

// mend is a rule's way out. One that an older release knew is told without.
func mend(name string) string {
	r, _ := rule(name)
	return r.Mend
}
