package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"
)

// animation is a GIF whose first picture is smaller than its canvas.
func animation(t testing.TB) []byte {
	t.Helper()
	frame := func(r image.Rectangle, c color.Color) *image.Paletted {
		p := image.NewPaletted(r, color.Palette{c, color.Black})
		return p
	}
	var out bytes.Buffer
	err := gif.EncodeAll(&out, &gif.GIF{
		Image: []*image.Paletted{frame(image.Rect(10, 10, 50, 40), green), frame(image.Rect(0, 0, 64, 64), red)},
		Delay: []int{1, 1}, Config: image.Config{Width: 64, Height: 64},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// noise is a picture without any order, in which a seam would show; some of it is transparent.
func noise(width, height int, seed uint64) *image.NRGBA {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for n := range p.Pix {
		p.Pix[n] = uint8(r.Uint32()) //nolint:gosec // any byte
	}
	return p
}

// Scaled in strips or in one piece, with all the memory that that takes: the same picture.
func TestStripsHaveNoSeams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := noise(rapid.IntRange(1, 200).Draw(t, "width"), rapid.IntRange(1, 200).Draw(t, "height"), rapid.Uint64().Draw(t, "seed"))
		b := from.Bounds()
		size := Size{rapid.IntRange(1, b.Dx()).Draw(t, "to width"), rapid.IntRange(1, b.Dy()).Draw(t, "to height")}
		got, want := scaleBy(rapid.IntRange(1, 70).Draw(t, "strip"), from, size), scaleBy(1000, from, size)
		if got.Rect != want.Rect || got.Rect.Dx() != size.Width || got.Rect.Dy() != size.Height || !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("%v to %+v is %v and %d bytes, want %v and %d bytes", b, size, got.Rect, len(got.Pix), want.Rect, len(want.Pix))
		}
	})
}

// It is what the library makes of a photograph, but for what is rounded between the two directions.
func TestAPhotographIsScaledAsTheLibraryDoes(t *testing.T) {
	from := photograph(500, 400)
	for _, size := range []Size{{320, 256}, {160, 128}, {499, 399}, {500, 100}} {
		got, want := scale(from, size), image.NewRGBA(image.Rect(0, 0, size.Width, size.Height))
		draw.CatmullRom.Scale(want, want.Rect, from, from.Rect, draw.Src, nil)
		for n := range got.Pix {
			if d := int(got.Pix[n]) - int(want.Pix[n]); d > 1 || d < -1 {
				t.Fatalf("%+v: byte %d is %d, want %d", size, n, got.Pix[n], want.Pix[n])
			}
		}
	}
}

// What is scaled to the size that it has is what it was.
func TestNothingIsLostWhereNothingIsScaled(t *testing.T) {
	from := flat(noise(70, 130, 7))
	got := scale(from, Size{70, 130})
	for n := range got.Pix {
		if got.Pix[n] != from.Pix[n] {
			t.Fatalf("byte %d is %d, was %d", n, got.Pix[n], from.Pix[n])
		}
	}
}

func TestTransparentPartsAreWhiteInAJPEGAndStayInAPNG(t *testing.T) {
	content := file(t, quarters(200, 200), "image/png")
	white := color.NRGBA{255, 255, 255, 255}
	for f, want := range map[Format]color.NRGBA{JPEG: white, PNG: hollow} {
		v, err := render(content, func(Size) Size { return Size{160, 160} }, f)
		if err != nil {
			t.Fatal(err)
		}
		p := decoded(t, v)
		if got := corners(p); p.Bounds().Dx() != 160 || !same(got, red, green, blue, want) {
			t.Errorf("%s: %v", f, got)
		}
	}
}

// The same bytes make the same picture, so it does not matter which replica is first.
func TestAPictureIsMadeTheSameEachTime(t *testing.T) {
	content := file(t, flat(noise(300, 200, 3)), "image/jpeg")
	for _, f := range Formats() {
		one, err1 := render(content, func(Size) Size { return Size{160, 107} }, f)
		two, err2 := render(content, func(Size) Size { return Size{160, 107} }, f)
		if err1 != nil || err2 != nil || !bytes.Equal(one.Content, two.Content) {
			t.Errorf("%s: %v, %v, %d and %d bytes", f, err1, err2, len(one.Content), len(two.Content))
		}
	}
}

// BenchmarkPicture makes pictures of a photograph of 12 megapixels, and of one of the samples.
func BenchmarkPicture(b *testing.B) {
	photo := file(b, photograph(4000, 3000), "image/jpeg")
	drawing, err := samples[0].content()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		width   int
		format  Format
	}{{"photo-160.jpg", photo, 160, JPEG}, {"photo-640.jpg", photo, 640, JPEG}, {"photo-1920.jpg", photo, 1920, JPEG}, {"photo-640.png", photo, 640, PNG}, {"drawing-640.png", drawing, 640, PNG}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				v, err := render(c.content, func(s Size) Size { return Original{Width: s.Width, Height: s.Height}.Fit(c.width) }, c.format)
				if err != nil || v.Size.Width != min(c.width, v.Size.Width) {
					b.Fatal(err)
				}
			}
			// Of the process: what others do on the machine is not in it.
			b.ReportMetric(float64(processorTime(b)-before)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
		})
	}
}

func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// photograph has soft forms and some noise, as a photograph has.
func photograph(width, height int) *image.NRGBA {
	p := noise(width, height, 9)
	for y := range height {
		for x := range width {
			at := p.Pix[p.PixOffset(x, y):][:4]
			at[0], at[1], at[2], at[3] = uint8(20+x*200/width)+at[0]/16, uint8(20+y*200/height)+at[1]/16, uint8(20+(x+y)*100/(width+height))+at[2]/16, 255 //nolint:gosec // below 256
		}
	}
	return p
}
