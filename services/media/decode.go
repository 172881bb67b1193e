package media

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"golang.org/x/image/webp"

	"github.com/bep/imagemeta"
)

// codec reads pictures of one media type. The registry of package image is not used:
// every package of a process adds to it.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	// metadata is where its orientation stands; none in a GIF.
	metadata imagemeta.ImageFormat
}

// codecs are what can be uploaded. Of an animation the first picture is taken.
var codecs = map[string]codec{
	"image/png":  {png.DecodeConfig, png.Decode, imagemeta.PNG},
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG},
	"image/gif":  {gif.DecodeConfig, gif.Decode, imagemeta.ImageFormatAuto},
	"image/webp": {webp.DecodeConfig, webp.Decode, imagemeta.WebP},
}

// header is what a file says of its picture before any of it is decoded.
type header struct {
	Type        string
	Size        Size
	Orientation orientation
	codec       codec
}

// pixels are how many there are to decode.
func (h header) pixels() int { return h.Size.Width * h.Size.Height }

// inspect reads the header of a file and refuses what must not be decoded. Its type is
// what its first bytes say, whatever the sender called it: an SVG that is called a PNG,
// with a script in it, is none.
func inspect(content []byte) (h header, err error) {
	defer recovered(&err)
	h.Type = http.DetectContentType(content)
	known := false
	if h.codec, known = codecs[h.Type]; !known {
		return header{}, refused("It is neither a PNG nor a JPEG, GIF or WebP.")
	}
	c, err := h.codec.config(bytes.NewReader(content))
	if err != nil {
		return header{}, broken(h.Type)
	}
	h.Size = Size{c.Width, c.Height}
	if err := checkSize(c.Width, c.Height); err != nil {
		return header{}, err
	}
	if err := checkColours(c); err != nil {
		return header{}, err
	}
	if h.Type == "image/jpeg" {
		if err := checkScans(content); err != nil {
			return header{}, err
		}
	}
	h.Orientation = orientationOf(content, h.codec.metadata)
	return h, nil
}

// decode decodes a file that was inspected. What a decoder cannot read, or falls over, is
// the file's fault, and not a failure of the service.
func (h header) decode(content []byte) (picture image.Image, err error) {
	defer recovered(&err)
	picture, err = h.codec.decode(bytes.NewReader(content))
	if err != nil {
		return nil, broken(h.Type)
	}
	b := picture.Bounds() // of a GIF, those of its first frame
	if err := checkSize(b.Dx(), b.Dy()); err != nil {
		return nil, err
	}
	return picture, nil
}

func broken(mediaType string) error {
	return refused("It begins as %s and cannot be read as one: it may have been cut off.", mediaType)
}

// recovered makes a refusal of a panic: decoders of foreign formats have had them.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = refused("It cannot be read.")
	}
}
