package media

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Hash is the SHA-256 of an original's bytes in lower-case hex, and its name for ever.
type Hash string

// HashOf names an original.
func HashOf(content []byte) Hash {
	sum := sha256.Sum256(content)
	return Hash(hex.EncodeToString(sum[:]))
}

// Valid tells whether it can be the name of an original at all.
func (h Hash) Valid() bool {
	return len(h) == 2*sha256.Size && strings.Trim(string(h), "0123456789abcdef") == ""
}

// Format is how a picture is answered: the end of its address.
type Format string

// The formats that pictures are answered in: JPEG for photographs, PNG for what has
// transparent parts or flat colours.
const (
	JPEG Format = "jpg"
	PNG  Format = "png"
)

// Formats are all of them.
func Formats() []Format { return []Format{JPEG, PNG} }

// Type is the media type.
func (f Format) Type() string {
	if f == JPEG {
		return "image/jpeg"
	}
	return "image/png"
}

// widths are those that can be asked for, in pixels. A list that is fixed bounds what
// strangers can let the shop compute and store.
var widths = []int{160, 320, 480, 640, 960, 1280, 1920}

// Widths are those that pictures can be asked for, in pixels, ascending.
func Widths() []int { return slices.Clone(widths) }

// Address names one picture: of which original, how wide at most, and how encoded.
type Address struct {
	Hash   Hash
	Width  int
	Format Format
}

// String is the path of the picture below that of the service.
func (a Address) String() string { return fmt.Sprintf("%s/%d.%s", a.Hash, a.Width, a.Format) }

// ParseAddress reads "<hash>" and "<width>.<format>". What is not on the lists is no
// address, and neither is another spelling of one: a picture has one address only, or
// caches would keep it twice.
func ParseAddress(hash, file string) (Address, error) {
	number, format, _ := strings.Cut(file, ".")
	width, err := strconv.Atoi(number)
	a := Address{Hash(hash), width, Format(format)}
	if err != nil || strconv.Itoa(width) != number || !slices.Contains(widths, width) || !slices.Contains(Formats(), a.Format) {
		return Address{}, &fault.Fault{Kind: fault.NotFoundKind, Detail: "There is no such size. Ask for " + sizesText() + "."}
	}
	if !a.Hash.Valid() {
		return Address{}, fault.NotFound("picture", hash)
	}
	return a, nil
}

// sizesText lists what can be asked for.
func sizesText() string {
	list := make([]string, len(widths))
	for n, w := range widths {
		list[n] = strconv.Itoa(w)
	}
	return strings.Join(list, ", ") + ", each .jpg or .png"
}

// mostAlt bounds an alternative text, in characters.
const mostAlt = 500

// Original is what is known of an uploaded picture, without its bytes.
type Original struct {
	Hash Hash
	// Type is the media type that its content has, whatever the sender called it.
	Type string
	// Width and Height are those of the picture the right way up, in pixels.
	Width, Height int
	// Alt says what is to be seen, for who cannot see it; at most 500 characters.
	Alt string
	// Version rises with each change of Alt: nothing else ever changes.
	Version int64
}

// Describe is the original with another alternative text.
func (o Original) Describe(alt string) (Original, error) {
	o.Alt = alt
	o.Version++
	if utf8.RuneCountInString(o.Alt) > mostAlt {
		return Original{}, fault.Invalid("#/alt", fmt.Sprintf("It has more than %d characters.", mostAlt))
	}
	return o, nil
}

// Fit is how large the original is when it is asked for at a width: never larger than
// it is, never less than a pixel high.
func (o Original) Fit(width int) Size {
	if width >= o.Width {
		return Size{o.Width, o.Height}
	}
	return Size{width, max(1, (o.Height*width+o.Width/2)/o.Width)}
}

// Sizes are the different sizes that the original has, ascending: one that is wider
// than the original would be the same picture again.
func (o Original) Sizes() (list []Size) {
	for _, w := range widths {
		if s := o.Fit(w); len(list) == 0 || s != list[len(list)-1] {
			list = append(list, s)
		}
	}
	return list
}

// Listed is the listed width at which a size is answered: the least that is not below it.
func (s Size) Listed() int {
	for _, w := range widths {
		if w >= s.Width {
			return w
		}
	}
	return widths[len(widths)-1]
}

// Size is of a picture, in pixels.
type Size struct{ Width, Height int }
