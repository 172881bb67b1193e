package media

import (
	"bytes"
	"fmt"
	"image"
	"image/color"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// What an upload may cost. A file of some kilobytes can claim to be gigabytes of
// pixels, so all of this is looked at before anything is decoded.
const (
	// mostBytes bounds an uploaded file.
	mostBytes = 8 << 20
	// mostPixels bounds a picture: what a camera of 16 megapixels makes.
	mostPixels = 16_000_000
	// mostSide bounds its width and its height, in pixels.
	mostSide = 8000
	// leastSide is below what any page can show.
	leastSide = 16
	// mostRatio is how many times longer one side may be than the other.
	mostRatio = 4
	// mostScans bounds the passes of a JPEG: each goes over all of its pixels, and an empty
	// one is some bytes long. A progressive JPEG has about ten.
	mostScans = 64
	// mostDecoded is what a decoder holds for a pixel at most, in bytes: a progressive JPEG
	// keeps its coefficients, 16 bits of PNG four channels, and interlacing half more.
	mostDecoded = 16
)

// checkSize refuses a picture by what its header says.
func checkSize(width, height int) error {
	long, short := max(width, height), min(width, height)
	switch {
	case short < leastSide:
		return refused("It is %d by %d pixels; each side has %d at least.", width, height, leastSide)
	case long > mostSide:
		return refused("It is %d by %d pixels; each side has %d at most.", width, height, mostSide)
	case width > mostPixels/height:
		return refused("It is %d by %d pixels, more than %d megapixels.", width, height, mostPixels/1_000_000)
	case long > mostRatio*short:
		return refused("It is %d by %d pixels; no side is longer than %d times the other.", width, height, mostRatio)
	}
	return nil
}

// checkScans counts the passes of a JPEG. In its data a byte FF is followed by 00 or a
// restart, so FF DA begins a pass; a thumbnail within its metadata may add a few.
func checkScans(content []byte) error {
	if n := bytes.Count(content, []byte{0xFF, 0xDA}); n > mostScans {
		return refused("It has %d passes (scans); %d at most.", n, mostScans)
	}
	return nil
}

// checkColours refuses what is made for a printer: browsers show its colours wrong, and
// so would we.
func checkColours(c image.Config) error {
	if c.ColorModel == color.CMYKModel {
		return refused("Its colours are for printing (CMYK). Save it in RGB.")
	}
	return nil
}

func refused(format string, a ...any) error { return fault.Invalid("", fmt.Sprintf(format, a...)) }
