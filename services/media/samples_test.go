package media

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"
)

// The sample pictures are drawn here, in a field of 200 by 200, without a float: the same
// on every machine.

const (
	field = 200_000 // the field's side in thousandths
	side  = 960     // of the picture, in pixels
	finer = 2       // samples of a pixel across and down, for smooth edges
)

// figure tells whether a point is inside, in thousandths of the field.
type figure func(x, y int) bool

func circle(cx, cy, r int) figure {
	cx, cy, r = cx*1000, cy*1000, r*1000
	return func(x, y int) bool { return (x-cx)*(x-cx)+(y-cy)*(y-cy) <= r*r }
}

func box(left, top, width, height int) figure {
	return func(x, y int) bool {
		return x >= left*1000 && x < (left+width)*1000 && y >= top*1000 && y < (top+height)*1000
	}
}

// rounded is a box with round corners.
func rounded(left, top, width, height, r int) figure {
	return func(x, y int) bool {
		nx, ny := min(max(x, (left+r)*1000), (left+width-r)*1000), min(max(y, (top+r)*1000), (top+height-r)*1000)
		return (x-nx)*(x-nx)+(y-ny)*(y-ny) <= r*r*1_000_000
	}
}

// polygon is inside where a line to the right crosses its edges an odd number of times.
func polygon(corners ...int) figure {
	return func(x, y int) bool {
		in := false
		for n := 0; n < len(corners); n += 2 {
			m := (n + 2) % len(corners)
			ax, ay, bx, by := corners[n]*1000, corners[n+1]*1000, corners[m]*1000, corners[m+1]*1000
			if (ay > y) != (by > y) && ((x-ax)*(by-ay) < (y-ay)*(bx-ax)) == (by > ay) {
				in = !in
			}
		}
		return in
	}
}

func ring(cx, cy, r, inner int) figure {
	out, in := circle(cx, cy, r), circle(cx, cy, inner)
	return func(x, y int) bool { return out(x, y) && !in(x, y) }
}

// layer is a figure in a colour, above those before it.
type layer struct {
	in     figure
	colour color.RGBA
}

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
} //nolint:gosec // the bytes of a colour

// drawings are the sample pictures, by SKU.
var drawings = map[string][]layer{
	"KIT-1001": {{box(150, 92, 46, 9), rgb(0x3a3a38)}, {rounded(36, 82, 116, 74, 18), rgb(0xf1e6cb)}, {box(32, 80, 124, 8), rgb(0x3a3a38)}, {rounded(40, 66, 108, 16, 8), rgb(0xe3d4b0)}, {circle(94, 62, 8), rgb(0x3a3a38)}},
	"TAB-1031": {{circle(100, 102, 78), rgb(0xf7f4ec)}, {ring(100, 102, 56, 53), rgb(0xd9d3c3)}, {ring(100, 102, 78, 75), rgb(0xcfc8b6)}, {ring(100, 102, 40, 39), rgb(0xe6e1d4)}},
	"COF-1061": {{polygon(56, 46, 144, 46, 152, 168, 48, 168), rgb(0x7a4b2c)}, {box(56, 34, 88, 14), rgb(0x5b3620)}, {circle(100, 108, 30), rgb(0xf3e7d3)}, {circle(100, 108, 16), rgb(0x7a4b2c)}, {box(98, 90, 4, 36), rgb(0xf3e7d3)}},
	"HOM-1091": {{rounded(36, 60, 128, 34, 15), rgb(0x8d7a9c)}, {rounded(36, 92, 128, 34, 15), rgb(0x7b688b)}, {rounded(36, 124, 128, 34, 15), rgb(0x69577a)}, {box(58, 60, 8, 98), rgb(0xe9dff0)}, {box(72, 60, 3, 98), rgb(0xe9dff0)}},
	"LIG-1121": {{circle(100, 76, 66), rgb(0xfdf3d2)}, {polygon(72, 38, 128, 38, 152, 102, 48, 102), rgb(0xfffdf4)}, {box(96, 102, 8, 56), rgb(0x8c6b3f)}, {rounded(68, 154, 64, 12, 6), rgb(0x8c6b3f)}},
	"STA-1151": {{rounded(52, 32, 96, 136, 8), rgb(0x2f5d62)}, {box(52, 32, 16, 136), rgb(0x1e3f43)}, {box(82, 62, 50, 3), rgb(0xcfe3e0)}, {box(82, 76, 50, 3), rgb(0xcfe3e0)}, {box(82, 90, 34, 3), rgb(0xcfe3e0)}, {box(136, 32, 5, 136), rgb(0xd98f3d)}},
	"BAG-1181": {{ring(100, 52, 22, 15), rgb(0x8a7350)}, {rounded(52, 48, 96, 120, 30), rgb(0xc9ae7e)}, {rounded(66, 104, 68, 52, 12), rgb(0xb69a69)}, {box(66, 116, 68, 4), rgb(0x8a7350)}, {box(96, 112, 8, 14), rgb(0x5f4d33)}},
	"OUT-1211": {{polygon(0, 170, 60, 70, 104, 140, 128, 108, 176, 170), rgb(0x9db4a5)}, {rounded(112, 64, 40, 106, 12), rgb(0x2e4f45)}, {rounded(116, 42, 32, 26, 6), rgb(0xc8cfc9)}, {box(112, 96, 40, 8), rgb(0xd27c3f)}},
	"GAR-1241": {{polygon(98, 96, 60, 30, 84, 40, 106, 90), rgb(0xb9c2c4)}, {polygon(102, 96, 140, 36, 118, 42, 94, 90), rgb(0x98a3a6)}, {polygon(94, 100, 106, 96, 86, 172, 66, 172), rgb(0xb5382f)}, {polygon(94, 96, 106, 100, 134, 172, 114, 172), rgb(0xc94a40)}, {circle(100, 97, 9), rgb(0x4a4f50)}},
	"TOY-1271": {{rounded(14, 90, 54, 48, 8), rgb(0xc8553d)}, {box(24, 66, 16, 26), rgb(0xe0b04c)}, {rounded(74, 102, 50, 36, 6), rgb(0x4f8a8b)}, {rounded(130, 102, 50, 36, 6), rgb(0xe0b04c)},
		{circle(28, 142, 12), rgb(0x6b4a2f)}, {circle(54, 142, 12), rgb(0x6b4a2f)}, {circle(86, 142, 12), rgb(0x6b4a2f)}, {circle(112, 142, 12), rgb(0x6b4a2f)}, {circle(142, 142, 12), rgb(0x6b4a2f)}, {circle(168, 142, 12), rgb(0x6b4a2f)}},
}

// drawn draws layers on a light ground that gets darker towards the bottom.
func drawn(layers []layer) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		ground := rgb(0xf4f1ea)
		shade := uint8(y * 24 / side) //nolint:gosec // below 24
		ground.R, ground.G, ground.B = ground.R-shade, ground.G-shade, ground.B-shade
		for x := range side {
			to.SetRGBA(x, y, mixed(layers, ground, x, y))
		}
	}
	return to
}

// mixed is the mean of a pixel's samples.
func mixed(layers []layer, ground color.RGBA, px, py int) color.RGBA {
	var r, g, b int
	for n := range finer * finer {
		x, y := (px*finer+n%finer)*field/(side*finer), (py*finer+n/finer)*field/(side*finer)
		c := ground
		for _, l := range layers {
			if l.in(x, y) {
				c = l.colour
			}
		}
		r, g, b = r+int(c.R), g+int(c.G), b+int(c.B)
	}
	const n = finer * finer
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255} //nolint:gosec // means of bytes
}

func TestSamplePicturesAreThoseThatAreDrawn(t *testing.T) {
	if len(drawings) != len(samples) {
		t.Errorf("%d drawings of %d samples", len(drawings), len(samples))
	}
	for _, s := range samples {
		want, file := drawn(drawings[s.SKU]), "samples/"+s.SKU+".png"
		if os.Getenv("UPDATE") != "" {
			var out bytes.Buffer
			if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, want); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := png.Decode(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if n := differing(want, got); n != 0 {
			t.Errorf("%s: %d pixels are not as drawn", s.SKU, n)
		}
	}
}

// differing counts the pixels in which two pictures differ.
func differing(a *image.RGBA, b image.Image) (n int) {
	if a.Bounds() != b.Bounds() {
		return a.Bounds().Dx() * a.Bounds().Dy()
	}
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			if a.RGBAAt(x, y) != color.RGBAModel.Convert(b.At(x, y)) {
				n++
			}
		}
	}
	return n
}

// Pages hold these addresses, so the page that tells of them must be right.
func TestTheREADMETellsTheAddressesOfTheSamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		content, err := s.content()
		if err != nil {
			t.Fatal(err)
		}
		if row := "| " + s.SKU + " | `" + root + "/" + string(HashOf(content)) + "/640.jpg` |"; !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
}
