package warehouse

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// binBody is a bin on the wire.
type binBody struct {
	SKU   string `json:"sku"`
	Place string `json:"place"`
}

type newBin struct {
	SKU   string `json:"sku" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" example:"KIT-1001"`
	Place string `json:"place" pattern:"^[A-Z][A-Z0-9]{0,7}(-[A-Z0-9]{1,8}){0,3}$" example:"A-01-3" doc:"Zone, shelf, level; products in one zone are one task"`
}

type binChange struct {
	Place string `json:"place" pattern:"^[A-Z][A-Z0-9]{0,7}(-[A-Z0-9]{1,8}){0,3}$" example:"A-01-3"`
}

type binsInput struct {
	page.Query
	Zone string `query:"zone" maxLength:"8" doc:"Only those in this zone"`
}

type binsOutput struct{ Body page.Of[binBody] }

type binInput struct {
	SKU string `path:"sku" maxLength:"64"`
}

type createBinInput struct {
	httpapi.Idempotent
	Body newBin
}

type changeBinInput struct {
	httpapi.IfMatch
	SKU  string `path:"sku" maxLength:"64"`
	Body binChange
}

type binOutput struct {
	ETag string `header:"ETag"`
	Body binBody
}

var binShape = etag.ShapeOf[binBody]()

func (a *api) bins(r *httpapi.API, read, write access.Access) {
	httpapi.List(r, binsRoot, read, a.listBins,
		httpapi.ID("listBins"), httpapi.Summary("Where products lie, by SKU"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, binsRoot, write, a.createBin,
		httpapi.ID("createBin"), httpapi.Summary("Say where a product lies"), httpapi.Status(http.StatusCreated))
	httpapi.Get(r, binsRoot+"/{sku}", read, a.getBin,
		httpapi.ID("getBin"), httpapi.Summary("Where a product lies"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Put(r, binsRoot+"/{sku}", write, a.changeBin,
		httpapi.ID("changeBin"), httpapi.Summary("Say that a product lies elsewhere now"), httpapi.Refuses(http.StatusNotFound))
}

func (a *api) listBins(ctx context.Context, in *binsInput) (*binsOutput, error) {
	after, err := page.After[string](in.Query, "bins", in.Zone)
	if err != nil {
		return nil, err
	}
	found, err := a.store.bins(ctx, in.Zone, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(b Bin) string { return b.SKU }, "bins", in.Zone)
	if err != nil {
		return nil, err
	}
	return &binsOutput{mapped(piece, func(b Bin) binBody { return binBody{b.SKU, b.Place} })}, nil
}

func (a *api) createBin(ctx context.Context, in *createBinInput) (*httpapi.Answer[binBody], error) {
	b := Bin{in.Body.SKU, in.Body.Place, 1}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		if err := insertBin(ctx, tx, b); err != nil {
			return idempotency.Stored{}, err
		}
		out := answer(b)
		body, err := httpapi.Encode(out.Body)
		header := map[string]string{"ETag": out.ETag, "Location": binsRoot + "/" + b.SKU}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[binBody](stored), nil
}

func (a *api) getBin(ctx context.Context, in *binInput) (*binOutput, error) {
	b, err := a.store.bin(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	return answer(b), nil
}

func (a *api) changeBin(ctx context.Context, in *changeBinInput) (*binOutput, error) {
	before, err := a.store.bin(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, in.Body.Place == before.Place) {
		return answer(before), nil
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	after := before.Move(in.Body.Place)
	if err := a.store.moveBin(ctx, before, after); err != nil {
		return nil, err
	}
	return answer(after), nil
}

func answer(b Bin) *binOutput {
	return &binOutput{binShape.Tag(b.Version), binBody{b.SKU, b.Place}}
}
