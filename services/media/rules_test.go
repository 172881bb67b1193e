package media

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// originals that can be uploaded.
var anOriginal = rapid.Custom(func(t *rapid.T) Original {
	o := Original{Hash: HashOf([]byte("x")), Width: rapid.IntRange(1, mostSide).Draw(t, "width"), Height: rapid.IntRange(1, mostSide).Draw(t, "height"), Version: 1}
	if checkSize(o.Width, o.Height) != nil {
		t.Skip("it is refused")
	}
	return o
})

func TestNoPictureIsEnlargedOrPulledOutOfShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, width := anOriginal.Draw(t, "original"), rapid.SampledFrom(Widths()).Draw(t, "asked")
		s := o.Fit(width)
		if s.Width != min(width, o.Width) || s.Height < 1 || s.Height > o.Height {
			t.Fatalf("%+v at %d is %+v", o, width, s)
		}
		// Its height is the nearest to the original's shape: at most half a pixel beside it.
		if d := 2 * (s.Height*o.Width - o.Height*s.Width); d > o.Width || d < -o.Width {
			t.Fatalf("%+v at %d is %+v", o, width, s)
		}
	})
}

// A page asks for a size at the address that is told of it, and must get that size.
func TestEverySizeIsAnsweredAtItsAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anOriginal.Draw(t, "original")
		before := 0
		for _, s := range o.Sizes() {
			a, err := ParseAddress(string(o.Hash), strconv.Itoa(s.Listed())+".png")
			if err != nil || o.Fit(a.Width) != s || s.Width <= before {
				t.Fatalf("%+v of %+v after one of width %d is %+v (%v)", s, o, before, a, err)
			}
			before = s.Width
		}
		if before != min(o.Width, Widths()[len(Widths())-1]) {
			t.Fatalf("the largest of %+v is %d wide", o, before)
		}
	})
}

func TestAPictureHasOneAddress(t *testing.T) {
	hash := string(HashOf([]byte("x")))
	for _, width := range Widths() {
		for _, f := range Formats() {
			want := Address{Hash(hash), width, f}
			_, file, _ := strings.Cut(want.String(), "/")
			if got, err := ParseAddress(hash, file); err != nil || got != want {
				t.Errorf("%s: %+v (%v)", want, got, err)
			}
		}
	}
	for _, file := range []string{"", ".", "320", "320.", "320.gif", "320.JPG", "0320.jpg", "+320.jpg", " 320.jpg", "320.jpg.png", "321.jpg", "10001.jpg", "-320.jpg", "320.0.jpg", "99999999999999999999.jpg", "3.2e2.jpg"} {
		_, err := ParseAddress(hash, file)
		if !fault.Is(err, fault.NotFoundKind) {
			t.Errorf("%q: %v", file, err)
		}
	}
	for _, wrong := range []string{"", "x", strings.ToUpper(hash), hash[1:], hash + "0", hash[:63] + "g", "../" + hash[3:]} {
		if _, err := ParseAddress(wrong, "320.jpg"); !fault.Is(err, fault.NotFoundKind) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestWhatIsReadAsAnAddressIsWrittenAsItCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.OneOf(rapid.StringMatching(`[0-9a-f]{64}`), rapid.String()).Draw(t, "hash")
		file := rapid.OneOf(rapid.StringMatching(`(160|320|640|321)\.(jpg|png|gif)`), rapid.String()).Draw(t, "file")
		if a, err := ParseAddress(hash, file); err == nil && a.String() != hash+"/"+file {
			t.Fatalf("%q, %q is read as %s", hash, file, a)
		}
	})
}

func TestOnlyPicturesWithinTheBoundsAreDecoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sides := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, mostSide+1), rapid.IntRange(0, 1<<31-1))
		w, h := sides.Draw(t, "width"), sides.Draw(t, "height")
		good := min(w, h) >= leastSide && max(w, h) <= mostSide && int64(w)*int64(h) <= mostPixels && max(w, h) <= mostRatio*min(w, h)
		if err := checkSize(w, h); (err == nil) != good || err != nil && !fault.Is(err, fault.InvalidKind) {
			t.Fatalf("%d by %d: %v", w, h, err)
		}
	})
	for _, edge := range []struct {
		width, height int
		good          bool
	}{{16, 16, true}, {15, 16, false}, {4000, 4000, true}, {4001, 4000, false}, {8000, 2000, true}, {8000, 2001, false}, {8001, 2001, false}, {1999, 8000, false}, {64, 16, true}, {65, 16, false}} {
		if err := checkSize(edge.width, edge.height); (err == nil) != edge.good {
			t.Errorf("%d by %d: %v", edge.width, edge.height, err)
		}
	}
}

func TestADescriptionIsKeptAsItIsAndCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, alt := Original{Version: 1}, rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.Rune(), 498, 502, -1)).Draw(t, "alt")
		after, err := o.Describe(alt)
		if long := len([]rune(alt)) > mostAlt; long != fault.Is(err, fault.InvalidKind) {
			t.Fatalf("%d characters: %v", len([]rune(alt)), err)
		}
		if err == nil && (after.Alt != alt || after.Version != 2) {
			t.Fatalf("%+v", after)
		}
	})
}
