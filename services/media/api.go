package media

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/media"

// api is the HTTP.
type api struct {
	store    *store
	variants *variants
	queue    *queue
}

// sizeBody is a size that a picture can be asked for.
type sizeBody struct {
	Width  int    `json:"width" doc:"In pixels"`
	Height int    `json:"height"`
	JPEG   string `json:"jpg" doc:"Path of the picture as JPEG: for photographs"`
	PNG    string `json:"png" doc:"Path of the picture as PNG: for transparent parts and flat colours"`
}

// pictureBody is an original on the wire.
type pictureBody struct {
	Hash   Hash       `json:"hash" doc:"SHA-256 of the bytes that were uploaded"`
	Type   string     `json:"type" example:"image/jpeg" doc:"Media type of what was uploaded"`
	Width  int        `json:"width" doc:"Of the picture the right way up, in pixels"`
	Height int        `json:"height"`
	Alt    string     `json:"alt" doc:"What is to be seen, for who cannot see it"`
	Sizes  []sizeBody `json:"sizes" nullable:"false" doc:"In which sizes it is to be had, ascending; none is larger than the original"`
}

type uploadInput struct {
	httpapi.Idempotent
	RawBody []byte
}

type hashInput struct {
	Hash string `path:"hash" maxLength:"64" doc:"SHA-256 of the original, in hex" example:"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
}

type changeInput struct {
	httpapi.IfMatch
	Hash string `path:"hash" maxLength:"64"`
	Body struct {
		Alt string `json:"alt" maxLength:"500" doc:"What is to be seen, for who cannot see it" example:"A saucepan of cream enamel"`
	}
}

type listInput struct{ page.Query }

type listOutput struct{ Body page.Of[pictureBody] }

type pictureOutput struct {
	ETag  string `header:"ETag"`
	Cache string `header:"Cache-Control"`
	Body  pictureBody
}

// shape is that of an original on the wire: a release that answers another one makes caches ask again.
var shape = etag.ShapeOf[pictureBody]()

const (
	// cachePicture lets everybody keep a picture for a year and never ask again: its
	// address holds the hash of what it was made of.
	cachePicture = "public, max-age=31536000, immutable"
	// cacheDescription makes caches ask each time: staff may describe it otherwise.
	cacheDescription = "no-cache"
)

// uploads bounds them: each holds its file in memory a few times over, and is decoded.
var uploads = httpapi.Limits{Body: mostBytes, Deadline: 20 * time.Second, InFlight: 4}

const aboutUpload = "A PNG, JPEG, GIF (its first picture) or WebP of at most 8 MiB, 16 megapixels, 8,000 pixels a side and 4 times as long on one side as on the other. " +
	"All of that is looked at before it is decoded. The bytes are kept and never answered: pictures are made of them, turned the right way up and without metadata. " +
	"The same file again has the same hash, and is kept once."

const aboutPicture = "`{size}` is `<width>.jpg` or `<width>.png`, with a width of 160, 320, 480, 640, 960, 1280 or 1920; any other is 404. It is made when it is asked for the first time, and then kept. " +
	"Nothing is enlarged: an original that is less wide is answered as wide as it is. What an address answers never changes, so it may be kept for ever. " +
	"503 with Retry-After: too many are being made at the moment."

// routes lists the routes. Each says who may call it: access.Public, Customer, Owner, Staff, Service.
func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	staff := access.Staff("media:write")
	httpapi.List(r, root, staff, a.list,
		httpapi.ID("listPictures"), httpapi.Summary("Originals, in the order of their hashes"), httpapi.Refuses(http.StatusBadRequest))
	httpapi.Post(r, root, staff, a.upload, httpapi.Bytes("image/gif", "image/jpeg", "image/png", "image/webp"), httpapi.With(uploads),
		httpapi.ID("uploadPicture"), httpapi.Summary("Upload an original"), httpapi.About(aboutUpload), httpapi.Status(http.StatusCreated))
	httpapi.Get(r, root+"/{hash}", access.Public, a.get,
		httpapi.ID("getPicture"), httpapi.Summary("What is known of a picture, and its addresses"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Put(r, root+"/{hash}", staff, a.change,
		httpapi.ID("describePicture"), httpapi.Summary("Say what is to be seen"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(r, http.MethodGet, root+"/{hash}/{size}", access.Public, a.picture, httpapi.About(aboutPicture),
		httpapi.ID("getPictureInSize"), httpapi.Summary("A picture in a size"), httpapi.Produces("image/jpeg", "image/png"), httpapi.Refuses(http.StatusNotFound))
	return r
}

// picture answers an address. It is data and no page: whatever a browser finds in it, it
// runs nothing of it.
func (a *api) picture(w http.ResponseWriter, r *http.Request) {
	address, err := ParseAddress(r.PathValue("hash"), r.PathValue("size"))
	for name := range r.URL.Query() {
		err = fault.InvalidParameter("query."+name, "There is no such parameter: a picture has one address, so that caches keep it once.")
	}
	var p *picture
	if err == nil {
		p, err = a.variants.get(r.Context(), address)
	}
	if err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", address.Format.Type())
	h.Set("Content-Length", strconv.Itoa(len(p.content)))
	h.Set("Cache-Control", cachePicture)
	h.Set("ETag", p.tag)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	_, _ = w.Write(p.content) // the client is gone: nobody to tell
}

// upload keeps an original once for a key: the original and the stored answer are one
// commit. It is decoded before, so that nothing is kept of which no picture can be made.
func (a *api) upload(ctx context.Context, in *uploadInput) (*httpapi.Answer[pictureBody], error) {
	h, err := inspect(in.RawBody)
	if err != nil {
		return nil, err
	}
	var o Original
	err = a.queue.do(ctx, h.pixels(), func() error {
		o, err = h.measure(in.RawBody)
		return err
	})
	if err != nil {
		return nil, err
	}
	stored, err := idempotency.Once(ctx, a.store.db, in.Key(ctx), in.Sent(ctx), func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
		kept, err := insert(ctx, tx, o, in.RawBody)
		if err != nil {
			return idempotency.Stored{}, err
		}
		out := answer(kept)
		body, err := httpapi.Encode(out.Body)
		header := map[string]string{"ETag": out.ETag, "Location": root + "/" + string(kept.Hash)}
		return idempotency.Stored{Status: http.StatusCreated, Header: header, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Replay[pictureBody](stored), nil
}

func (a *api) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := page.After[Hash](in.Query)
	if err != nil {
		return nil, err
	}
	found, err := a.store.list(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(o Original) Hash { return o.Hash })
	if err != nil {
		return nil, err
	}
	out := &listOutput{page.Of[pictureBody]{Items: make([]pictureBody, len(piece.Items)), Next: piece.Next}}
	for n, o := range piece.Items {
		out.Body.Items[n] = answer(o).Body
	}
	return out, nil
}

func (a *api) get(ctx context.Context, in *hashInput) (*pictureOutput, error) {
	o, err := a.original(ctx, in.Hash)
	if err != nil {
		return nil, err
	}
	return answer(o), nil
}

// original reads one; what cannot be a hash is looked for nowhere.
func (a *api) original(ctx context.Context, hash string) (Original, error) {
	if h := Hash(hash); h.Valid() {
		return a.store.original(ctx, h)
	}
	return Original{}, fault.NotFound("picture", hash)
}

func (a *api) change(ctx context.Context, in *changeInput) (*pictureOutput, error) {
	before, err := a.original(ctx, in.Hash)
	if err != nil {
		return nil, err
	}
	after, err := before.Describe(in.Body.Alt)
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, after.Alt == before.Alt) {
		return answer(before), nil
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	if err := a.store.save(ctx, before, after); err != nil {
		return nil, err
	}
	return answer(after), nil
}

func answer(o Original) *pictureOutput {
	body := pictureBody{o.Hash, o.Type, o.Width, o.Height, o.Alt, []sizeBody{}}
	for _, s := range o.Sizes() {
		at := func(f Format) string { return root + "/" + Address{o.Hash, s.Listed(), f}.String() }
		body.Sizes = append(body.Sizes, sizeBody{s.Width, s.Height, at(JPEG), at(PNG)})
	}
	return &pictureOutput{shape.Tag(o.Version), cacheDescription, body}
}
