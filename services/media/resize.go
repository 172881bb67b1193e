package media

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
)

// quality of JPEGs, of 100: above it files grow and nobody sees a difference.
const quality = 82

// Variant is a picture as it is answered.
type Variant struct {
	Size    Size
	Format  Format
	Content []byte
}

// render makes a picture of an original's bytes: decoded within the bounds, scaled, turned
// the right way up, encoded anew. No metadata is passed on, since none is read into pixels.
func render(content []byte, fit func(Size) Size, format Format) (Variant, error) {
	h, err := inspect(content)
	if err != nil {
		return Variant{}, err
	}
	picture, err := h.decode(content)
	if err != nil {
		return Variant{}, err
	}
	stored := Size{picture.Bounds().Dx(), picture.Bounds().Dy()}
	size := fit(h.Orientation.of(stored))
	scaled := h.Orientation.turn(scale(picture, h.Orientation.of(size)))
	out, err := encode(scaled, format)
	return Variant{size, format, out}, err
}

// strip is how many rows or columns are scaled at a time.
const strip = 64

// scale scales a picture with a Catmull-Rom kernel: across first, then down, in strips. A
// scaler keeps 32 bytes for each pixel between the two directions, half a gigabyte for what
// we take; along the direction in which nothing is scaled its kernel is the pixel itself,
// so strips have no seams.
func scale(from image.Image, size Size) *image.RGBA { return scaleBy(strip, from, size) }

func scaleBy(strip int, from image.Image, size Size) *image.RGBA {
	b := from.Bounds()
	narrow := image.NewRGBA(image.Rect(0, 0, size.Width, b.Dy()))
	if size.Width == b.Dx() {
		draw.Draw(narrow, narrow.Rect, from, b.Min, draw.Src)
	} else {
		across := draw.CatmullRom.NewScaler(size.Width, strip, b.Dx(), strip) // keeps its memory from strip to strip
		for y := 0; y < b.Dy(); y += strip {
			end := min(y+strip, b.Dy())
			across.Scale(narrow, image.Rect(0, y, size.Width, end), from, image.Rect(b.Min.X, b.Min.Y+y, b.Max.X, b.Min.Y+end), draw.Src, nil)
		}
	}
	if size.Height == b.Dy() {
		return narrow
	}
	to := image.NewRGBA(image.Rect(0, 0, size.Width, size.Height))
	down := draw.CatmullRom.NewScaler(strip, size.Height, strip, b.Dy())
	for x := 0; x < size.Width; x += strip {
		end := min(x+strip, size.Width)
		down.Scale(to, image.Rect(x, 0, end, size.Height), narrow, image.Rect(x, 0, end, b.Dy()), draw.Src, nil)
	}
	return to
}

// encode writes a picture. JPEG has no transparent parts: they become white, as a page is.
func encode(picture *image.RGBA, format Format) ([]byte, error) {
	var out bytes.Buffer
	var err error
	if format == JPEG {
		page := image.NewRGBA(picture.Rect)
		draw.Draw(page, page.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(page, page.Rect, picture, picture.Rect.Min, draw.Over)
		err = jpeg.Encode(&out, page, &jpeg.Options{Quality: quality})
	} else {
		err = png.Encode(&out, picture)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return out.Bytes(), nil
}

// measure decodes a whole file that was inspected, to see that it can be, and returns what it shows.
func (h header) measure(content []byte) (Original, error) {
	picture, err := h.decode(content)
	if err != nil {
		return Original{}, err
	}
	size := h.Orientation.of(Size{picture.Bounds().Dx(), picture.Bounds().Dy()})
	return Original{Hash: HashOf(content), Type: h.Type, Width: size.Width, Height: size.Height, Version: 1}, nil
}
