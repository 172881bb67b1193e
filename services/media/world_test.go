package media

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t *testing.T
}

func serve(t *testing.T, environment ...string) *shop {
	t.Helper()
	return &shop{servicetest.Start(t, Service(), append([]string{"SHOP_JWKS", accesstest.JWKS()}, environment...)...), t}
}

// answered is an answer with what tests look at.
type answered struct {
	status                       int
	tag, at, kind, text, replied string
	cache, sniff, after          string
	Hash, Type, Alt, Next        string
	Width, Height                int
	Sizes                        []struct {
		Width, Height int
		JPG, PNG      string
	}
	Items []struct{ Hash, Alt string }
}

// send asks as a member of staff who may write; header is pairs of name and value and may say otherwise.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	res := s.Send(s.t, method, path, body, append([]string{"Authorization", accesstest.Staff(s.t, "media:write")}, header...)...)
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	h := res.Header
	a.status, a.tag, a.at, a.kind, a.text, a.replied = res.StatusCode, h.Get("ETag"), h.Get("Location"), h.Get("Content-Type"), string(text), h.Get("Idempotent-Replayed")
	a.cache, a.sniff, a.after = h.Get("Cache-Control"), h.Get("X-Content-Type-Options"), h.Get("Retry-After")
	if a.kind == "application/json" {
		if err := json.Unmarshal(text, &a); err != nil {
			s.t.Errorf("%d %s: %v", res.StatusCode, text, err)
		}
	}
	return a
}

// upload sends a file under a key of its own.
func (s *shop) upload(content []byte, header ...string) answered {
	s.t.Helper()
	return s.send("POST", root, string(content), append([]string{"Content-Type", "image/png", "Idempotency-Key", uuid.NewString()}, header...)...)
}

// kept uploads a file that is good.
func (s *shop) kept(content []byte) answered {
	s.t.Helper()
	a := s.upload(content)
	if a.status != 201 || a.Hash != string(HashOf(content)) || a.at != root+"/"+a.Hash || a.tag == "" {
		s.t.Fatalf("uploading: %+v", a)
	}
	return a
}

// picture decodes what an address answers.
func (a answered) picture(t testing.TB) image.Image {
	t.Helper()
	decode := png.Decode
	if a.kind == "image/jpeg" {
		decode = jpeg.Decode
	}
	p, err := decode(bytes.NewReader([]byte(a.text)))
	if err != nil {
		t.Fatalf("%d %s: %v", a.status, a.kind, err)
	}
	return p
}

var (
	red, green, blue, hollow = color.NRGBA{220, 30, 30, 255}, color.NRGBA{30, 180, 30, 255}, color.NRGBA{30, 30, 220, 255}, color.NRGBA{}
)

// quarters is a picture of four colours: top left, top right, bottom left, bottom right.
func quarters(width, height int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			p.SetNRGBA(x, y, [2][2]color.NRGBA{{red, green}, {blue, hollow}}[y*2/height][x*2/width])
		}
	}
	return p
}

// file encodes a picture as one of the types that are taken.
func file(t testing.TB, p image.Image, mediaType string) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	switch mediaType {
	case "image/jpeg":
		err = jpeg.Encode(&out, p, &jpeg.Options{Quality: 95})
	case "image/gif":
		indexed := image.NewPaletted(p.Bounds(), color.Palette{red, green, blue, hollow})
		draw.Draw(indexed, indexed.Rect, p, p.Bounds().Min, draw.Src)
		err = gif.Encode(&out, indexed, nil)
	default:
		err = png.Encode(&out, p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// near tells whether two colours are the same but for what JPEG and scaling add.
func near(a, b color.Color) bool {
	ar, ag, ab, aa := a.RGBA()
	br, bg, bb, ba := b.RGBA()
	for _, d := range []int64{int64(ar) - int64(br), int64(ag) - int64(bg), int64(ab) - int64(bb), int64(aa) - int64(ba)} {
		if d > 0x1400 || d < -0x1400 {
			return false
		}
	}
	return true
}

// corners are the colours in the middle of the four quarters.
func corners(p image.Image) (c [4]color.Color) {
	b := p.Bounds()
	for n := range c {
		c[n] = p.At(b.Min.X+b.Dx()*(1+n%2*2)/4, b.Min.Y+b.Dy()*(1+n/2*2)/4)
	}
	return c
}

func same(have [4]color.Color, want ...color.Color) bool {
	for n, c := range want {
		if !near(have[n], c) {
			return false
		}
	}
	return true
}
