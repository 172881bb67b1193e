package media

import (
	"bytes"
	"image"

	"github.com/bep/imagemeta"
)

// orientation is that of Exif, 1 to 8: how a picture must be turned to be the right way up.
// A camera that is held upright writes lying pixels and says so.
type orientation int

const upright orientation = 1

// orientationOf reads it from a file; upright where nothing else can be read.
func orientationOf(content []byte, format imagemeta.ImageFormat) orientation {
	found := upright
	if format == imagemeta.ImageFormatAuto {
		return found
	}
	_, err := imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(content), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if n, ok := t.Value.(uint16); ok && n >= 1 && n <= 8 {
				found = orientation(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil { // its metadata is broken: the picture may be whole
		return upright
	}
	return found
}

// lying tells whether width and height change places.
func (o orientation) lying() bool { return o >= 5 }

// of is the size the right way up of what is stored in another one, and the other way round.
func (o orientation) of(s Size) Size {
	if o.lying() {
		return Size{s.Height, s.Width}
	}
	return s
}

// turn returns the picture the right way up.
func (o orientation) turn(from *image.RGBA) *image.RGBA {
	if o <= upright {
		return from
	}
	size := o.of(Size{from.Rect.Dx(), from.Rect.Dy()})
	to := image.NewRGBA(image.Rect(0, 0, size.Width, size.Height))
	for y := range size.Height {
		for x := range size.Width {
			fx, fy := o.from(x, y, size)
			copy(to.Pix[to.PixOffset(x, y):][:4], from.Pix[from.PixOffset(fx, fy):][:4])
		}
	}
	return to
}

// from is where a pixel of the upright picture, which has this size, is stored.
func (o orientation) from(x, y int, size Size) (fx, fy int) {
	right, bottom := size.Width-1-x, size.Height-1-y
	switch o {
	case 2: // mirrored
		return right, y
	case 3: // upside down
		return right, bottom
	case 4: // mirrored, upside down
		return x, bottom
	case 5: // mirrored, on its side
		return y, x
	case 6: // its top is on the right
		return y, right
	case 7: // mirrored, on its other side
		return bottom, right
	case 8: // its top is on the left
		return bottom, x
	}
	return x, y
}
