package media

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"runtime"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// chunk is one of a PNG.
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data))) //nolint:gosec // some bytes
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// Headers that claim a size; what follows is never looked at.
func claimsPNG(w, h int) []byte {
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h)) //nolint:gosec // of a test
	return append([]byte("\x89PNG\r\n\x1a\n"), append(chunk("IHDR", append(size, 8, 6, 0, 0, 0)), chunk("IDAT", []byte{0x78, 0x9c})...)...)
}

func claimsJPEG(w, h, colours int) []byte {
	out := []byte{0xFF, 0xD8, 0xFF, 0xC0, 0, byte(8 + 3*colours), 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(colours)} //nolint:gosec // of a test
	for n := range colours {
		out = append(out, byte(n+1), 0x11, 0) //nolint:gosec // 4 at most
	}
	return append(out, 0xFF, 0xDA, 0, 2)
}

func claimsGIF(w, h int) []byte {
	return append([]byte("GIF89a"), byte(w), byte(w>>8), byte(h), byte(h>>8), 0, 0, 0, 0x2C) //nolint:gosec // of a test
}

// bits are written the lowest first, as VP8L reads them.
type bits struct {
	out  []byte
	have int
}

func (b *bits) put(value, n int) {
	for i := range n {
		if b.have%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[b.have/8] |= byte(value>>i&1) << (b.have % 8)
		b.have++
	}
}

// webpOf is a WebP of one colour. Each of its codes has one symbol, so its pixels take no bit at all: a bomb of 40 bytes.
func webpOf(w, h int, c color.NRGBA) []byte {
	b := &bits{}
	b.put(0x2f, 8)
	b.put(w-1, 14)
	b.put(h-1, 14)
	b.put(1, 1)   // it has alpha
	b.put(0, 3+3) // version; no transform, no colour cache, no further codes
	for _, symbol := range []uint8{c.G, c.R, c.B, c.A} {
		b.put(0b101, 3) // simple, one symbol, of 8 bits
		b.put(int(symbol), 8)
	}
	b.put(0b0001, 4) // distance: simple, one symbol, of 1 bit: 0
	data := b.out
	if len(data)%2 == 1 {
		data = append(data, 0)
	}
	out := append([]byte("WEBPVP8L"), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...) //nolint:gosec // some bytes
	out = append(out, data...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(out))), out...) //nolint:gosec // some bytes
}

// oriented puts an orientation into a JPEG, as a camera does, with more that is nobody's business.
func oriented(jpeg []byte, o orientation) []byte {
	exif := append([]byte("Exif\x00\x00"), tiff(o)...)
	exif = append(exif, "GPS 52.5200N 13.4050E"...)
	app1 := append([]byte{0xFF, 0xE1, 0, byte(len(exif) + 2)}, exif...) //nolint:gosec // some bytes
	return append(append([]byte{0xFF, 0xD8}, app1...), jpeg[2:]...)
}

// tiff is Exif with one field.
func tiff(o orientation) []byte {
	return append([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), 0, byte(o), 0, 0, 0, 0, 0, 0) //nolint:gosec // 8 at most
}

// A file of some bytes that claims gigabytes of pixels is refused by its header: nothing is decoded, and no memory taken.
func TestADecompressionBombIsRefusedBeforeItIsDecoded(t *testing.T) {
	for name, content := range map[string][]byte{
		"PNG":  claimsPNG(50_000, 50_000),
		"JPEG": claimsJPEG(65_000, 65_000, 3),
		"GIF":  claimsGIF(65_000, 65_000),
		"WebP": webpOf(16_384, 16_384, red),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := inspect(content)
		runtime.ReadMemStats(&after)
		if !fault.Is(err, fault.InvalidKind) || !strings.Contains(refusal(err), "pixels") {
			t.Errorf("%s: %v, %s", name, err, refusal(err))
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: it took %d bytes to refuse", name, used)
		}
	}
}

// refusal is what the caller is told of the file.
func refusal(err error) string {
	f, _ := err.(*fault.Fault) //nolint:errorlint // as it is returned
	if f == nil || len(f.Fields) != 1 || f.Fields[0].Pointer != "#" {
		return ""
	}
	return f.Fields[0].Detail
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	whole := file(t, quarters(64, 64), "image/png")
	many := append(claimsJPEG(640, 480, 3), bytes.Repeat([]byte{0xFF, 0xDA, 0, 2}, mostScans)...)
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"nothing":                    {nil, "neither"},
		"text":                       {[]byte("hello"), "neither"},
		"an SVG with a script":       {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "neither"},
		"a page":                     {[]byte("<!doctype html><script>alert(1)</script>"), "neither"},
		"a BMP":                      {append([]byte("BM"), make([]byte, 100)...), "neither"},
		"the beginning of a PNG":     {whole[:20], "cut off"},
		"a PNG that is cut off":      {whole[:len(whole)-40], "cut off"},
		"a PNG with a wrong byte":    {append(append([]byte{}, whole[:60]...), append([]byte{whole[60] ^ 1}, whole[61:]...)...), "cut off"},
		"colours for a printer":      {claimsJPEG(640, 480, 4), "CMYK"},
		"a JPEG of too many passes":  {many, "passes"},
		"a picture of 15 pixels":     {file(t, quarters(15, 20), "image/png"), "at least"},
		"a strip":                    {file(t, quarters(100, 16), "image/png"), "4 times"},
		"a GIF without its pictures": {claimsGIF(64, 64), "cut off"},
	} {
		h, err := inspect(c.content)
		if err == nil {
			_, err = h.measure(c.content)
		}
		if !fault.Is(err, fault.InvalidKind) || !strings.Contains(refusal(err), c.says) {
			t.Errorf("%s: %v: %q", name, err, refusal(err))
		}
	}
}

// What its first bytes say counts, so each of the four types is told and read.
func TestEachTypeIsTakenForWhatItIs(t *testing.T) {
	p := quarters(64, 48)
	for mediaType, content := range map[string][]byte{
		"image/png": file(t, p, "image/png"), "image/jpeg": file(t, p, "image/jpeg"), "image/gif": file(t, p, "image/gif"), "image/webp": webpOf(64, 48, red),
	} {
		h, err := inspect(content)
		if err != nil || h.Type != mediaType {
			t.Errorf("%s is taken for %q (%v)", mediaType, h.Type, err)
			continue
		}
		if o, err := h.measure(content); err != nil || o.Width != 64 || o.Height != 48 || o.Type != mediaType || o.Hash != HashOf(content) {
			t.Errorf("%s: %+v (%v)", mediaType, o, err)
		}
		if v, err := render(content, asItIs, PNG); err != nil || !near(decoded(t, v).At(3, 3), red) {
			t.Errorf("%s: %v", mediaType, err)
		}
	}
}

func asItIs(s Size) Size { return s }

func decoded(t testing.TB, v Variant) image.Image {
	t.Helper()
	return answered{text: string(v.Content), kind: v.Format.Type()}.picture(t)
}

// The four colours of what is stored, and where they are to be seen.
func TestAPhotographIsTheRightWayUp(t *testing.T) {
	white := color.NRGBA{255, 255, 255, 255}
	stored := file(t, flat(quarters(64, 32)), "image/jpeg")
	for o, want := range map[orientation][4]color.Color{
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {white, blue, green, red}, 4: {blue, white, red, green},
		5: {red, blue, green, white}, 6: {blue, red, white, green}, 7: {white, green, blue, red}, 8: {green, white, red, blue},
		0: {red, green, blue, white}, 9: {red, green, blue, white},
	} {
		content := oriented(stored, o)
		h, err := inspect(content)
		if err != nil {
			t.Fatal(err)
		}
		v, err := render(content, asItIs, PNG)
		if err != nil {
			t.Fatal(err)
		}
		size := Size{64, 32}
		if o >= 5 && o <= 8 {
			size = Size{32, 64}
		}
		p := decoded(t, v)
		if got := corners(p); v.Size != size || p.Bounds().Dx() != size.Width || !same(got, want[:]...) {
			t.Errorf("orientation %d: %+v, %v, want %v", o, v.Size, got, want)
		}
		if got, err := h.measure(content); err != nil || got.Width != size.Width || got.Height != size.Height {
			t.Errorf("orientation %d is told as %+v (%v)", o, got, err)
		}
	}
}

// flat is a picture on white.
func flat(p *image.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(p.Rect)
	for n := 0; n < len(p.Pix); n += 4 {
		copy(out.Pix[n:], []uint8{255, 255, 255, 255})
		if p.Pix[n+3] == 255 {
			copy(out.Pix[n:], p.Pix[n:n+4])
		}
	}
	return out
}

// PNG has Exif in a chunk of its own.
func TestAPNGIsTheRightWayUp(t *testing.T) {
	whole := file(t, quarters(64, 32), "image/png")
	content := append(append(append([]byte{}, whole[:33]...), chunk("eXIf", tiff(6))...), whole[33:]...)
	v, err := render(content, asItIs, PNG)
	if err != nil || v.Size != (Size{32, 64}) || !same(corners(decoded(t, v)), blue, red, hollow, green) {
		t.Errorf("%+v (%v)", v.Size, err)
	}
}

func TestNoMetadataIsPassedOn(t *testing.T) {
	content := oriented(file(t, quarters(64, 64), "image/jpeg"), 1)
	if !bytes.Contains(content, []byte("GPS")) {
		t.Fatal("there is nothing to pass on")
	}
	for _, f := range Formats() {
		v, err := render(content, asItIs, f)
		if err != nil || bytes.Contains(v.Content, []byte("GPS")) || bytes.Contains(v.Content, []byte("Exif")) {
			t.Errorf("%s: %v, %q", f, err, v.Content[:40])
		}
	}
}

// Metadata that is broken says nothing of the picture.
func TestBrokenMetadataIsPassedBy(t *testing.T) {
	stored := file(t, quarters(64, 32), "image/jpeg")
	content := oriented(stored, 6)
	for at := 12; at < 34; at++ {
		broken := append([]byte{}, content...)
		broken[at] ^= 0xFF
		if v, err := render(broken, asItIs, PNG); err != nil || v.Size != (Size{64, 32}) && v.Size != (Size{32, 64}) {
			t.Errorf("byte %d: %+v (%v)", at, v.Size, err)
		}
	}
}

func TestOfAnAnimationTheFirstPictureIsTaken(t *testing.T) {
	content := animation(t)
	v, err := render(content, asItIs, PNG)
	if err != nil || v.Size != (Size{40, 30}) || !near(decoded(t, v).At(20, 15), green) {
		t.Errorf("%+v (%v)", v.Size, err)
	}
}

// Whatever is sent, no decoder makes more pixels of it than its header said, and what is refused is refused as the sender's fault.
func FuzzNoUploadIsLargerThanItSays(f *testing.F) {
	p := quarters(32, 24)
	for _, content := range [][]byte{
		file(f, p, "image/png"), file(f, p, "image/jpeg"), file(f, p, "image/gif"), webpOf(32, 24, blue), animation(f),
		oriented(file(f, p, "image/jpeg"), 6), claimsPNG(50_000, 50_000), claimsJPEG(640, 480, 4), claimsGIF(64, 64), []byte("<svg/>"),
	} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		h, err := inspect(content)
		if err != nil {
			if refusal(err) == "" {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		if err := checkSize(h.Size.Width, h.Size.Height); err != nil || h.Orientation < 1 || h.Orientation > 8 {
			t.Fatalf("taken: %+v (%v)", h, err)
		}
		if h.pixels() > 1<<20 {
			t.Skip("larger than a fuzzer has time for")
		}
		picture, err := h.decode(content)
		if err != nil {
			if refusal(err) == "" {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		if b := picture.Bounds(); b.Dx() > h.Size.Width || b.Dy() > h.Size.Height {
			t.Fatalf("%+v is decoded to %v", h, b)
		}
		if v, err := render(content, func(s Size) Size { return Original{Width: s.Width, Height: s.Height}.Fit(160) }, JPEG); err != nil || v.Size.Width > 160 {
			t.Fatalf("%+v: %+v (%v)", h, v.Size, err)
		}
	})
}
