package loyalty

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/page"
	"github.com/emporium-shop/emporium/services/internal/tries"
)

const cardsRoot = root + "/cards"

// guesses bounds how many wrong codes somebody may type (C42): then not even a right one is looked at, or guessing would go on.
var guesses = tries.Limit{Most: 10, Within: time.Minute}

// CardBody is a card on the wire; exported, or what has it as a part would not describe its members.
type CardBody struct {
	ID      uuid.UUID   `json:"id" format:"uuid"`
	Ending  string      `json:"ending" doc:"The last four characters of its code"`
	Initial money.Money `json:"initial"`
	Balance money.Money `json:"balance"`
	Closed  bool        `json:"closed"`
	Order   *uuid.UUID  `json:"order,omitempty" format:"uuid" doc:"Which order bought it"`
	Created time.Time   `json:"created"`
}

type issuedBody struct {
	CardBody
	Code string `json:"code" doc:"Told once, to who issues it: nobody can read it afterwards"`
}

type closedBody struct {
	CardBody
	Refundable money.Money `json:"refundable" doc:"What was left on it, and is on it no more: the most that who bought it gets back"`
}

type issueInput struct {
	httpapi.Idempotent
	Body struct {
		Amount money.Money `json:"amount"`
		Order  *uuid.UUID  `json:"order,omitempty" format:"uuid"`
	}
}

type cardInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type closeInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body *struct{}
}

type cardOutput struct {
	ETag string `header:"ETag"`
	Body CardBody
}

type cardList struct{ Body page.Of[CardBody] }

type balanceInput struct {
	Forwarded string `header:"X-Forwarded-For" doc:"Who asks, as the front door says: wrong codes are counted by it"`
	Body      struct {
		Code string `json:"code" minLength:"1" maxLength:"64" example:"ABCD-EFGH-JKLM-NPQR" doc:"Capitals are the same as small letters; hyphens and blanks do not matter"`
	}
}

type balanceOutput struct {
	Body struct {
		Balance money.Money `json:"balance"`
	}
}

// shape is that of a card on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[CardBody]()

// cards adds the routes of gift cards.
func (a *api) cards(r *httpapi.API) {
	read, write, missing := access.Staff("loyalty:read"), access.Staff("loyalty:write"), httpapi.Refuses(http.StatusNotFound)
	httpapi.Post(r, cardsRoot, write, a.issue, httpapi.ID("issueCard"), httpapi.Summary("Issue a gift card"), httpapi.Status(http.StatusCreated))
	httpapi.List(r, cardsRoot, read, a.list, httpapi.ID("listCards"), httpapi.Summary("Gift cards, in the order in which they were issued"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Get(r, cardsRoot+"/{id}", read, a.card, httpapi.ID("getCard"), httpapi.Summary("One gift card"), missing)
	httpapi.Post(r, cardsRoot+"/{id}/closures", write, a.close, httpapi.ID("closeCard"), httpapi.Summary("Close a gift card: who bought it gets back what is left"), missing)
	httpapi.Post(r, cardsRoot+"/balances", access.Public, a.balance, httpapi.Safe(), httpapi.ID("readBalance"), httpapi.Summary("What is left on the card of a code"),
		httpapi.About("A code that nobody has, a card that is closed and one that is used up get the same answer."), missing, httpapi.Refuses(http.StatusTooManyRequests))
}

func (c Card) body() CardBody {
	return CardBody{c.ID, c.Ending, c.Initial, c.Balance, c.Closed, c.Order, c.Created.UTC()}
}

func (a *api) issue(ctx context.Context, in *issueInput) (*httpapi.Answer[issuedBody], error) {
	c, code, err := NewCard(in.Body.Amount, in.Body.Order, instant(a.now))
	if err != nil {
		return nil, err
	}
	header := func(b issuedBody) map[string]string {
		return map[string]string{"ETag": shape.Tag(c.Version), "Location": cardsRoot + "/" + b.ID.String()}
	}
	return once(ctx, a.store, in.Idempotent, http.StatusCreated, header, func(ctx context.Context, tx pgx.Tx) (issuedBody, error) {
		return issuedBody{c.body(), code}, insertCard(ctx, tx, c, code)
	})
}

func (a *api) card(ctx context.Context, in *cardInput) (*cardOutput, error) {
	c, err := readCard(ctx, a.store.db, in.ID)
	if err != nil {
		return nil, err
	}
	return &cardOutput{shape.Tag(c.Version), c.body()}, nil
}

func (a *api) list(ctx context.Context, in *listInput) (*cardList, error) {
	after, err := page.After[uuid.UUID](in.Query)
	if err != nil {
		return nil, err
	}
	found, err := readCards(ctx, a.store.db, `WHERE c.id > $1 ORDER BY c.id LIMIT $2`, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(c Card) uuid.UUID { return c.ID })
	return &cardList{pageOf(piece, Card.body)}, err
}

func (a *api) close(ctx context.Context, in *closeInput) (*httpapi.Answer[closedBody], error) {
	return once(ctx, a.store, in.Idempotent, http.StatusOK, nil, func(ctx context.Context, tx pgx.Tx) (closedBody, error) {
		c, refundable, err := closeCard(ctx, tx, in.ID, instant(a.now))
		return closedBody{c.body(), refundable}, err
	})
}

// balance tells what is left on a card to who has its code, and to nobody which codes there are.
func (a *api) balance(ctx context.Context, in *balanceInput) (*balanceOutput, error) {
	client := strings.TrimSpace(in.Forwarded[strings.LastIndexByte(in.Forwarded, ',')+1:])
	var found *Card
	err := guesses.Guard(ctx, a.store.db, []string{"client:" + client}, func(ctx context.Context, tx pgx.Tx) (right bool, err error) {
		found, err = usable(ctx, tx, in.Body.Code)
		return found != nil, err
	})
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, fault.NotFound("card", "of this code")
	}
	out := &balanceOutput{}
	out.Body.Balance = found.Balance
	return out, nil
}
