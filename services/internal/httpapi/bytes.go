package httpapi

import "github.com/danielgtaylor/huma/v2"

// Bytes says that the body of an operation is not JSON but a file of one of these media
// types: a picture. Its input has it as RawBody []byte, which is the handler's until it
// returns. All else holds as for JSON: the key, the bound, what is refused and in which order.
func Bytes(mediaTypes ...string) Option {
	return func(r *route) { r.bytes, r.takes = true, mediaTypes }
}

// describeBytes puts the media types that the route takes in the place of the one that
// huma can name.
func (r *route) describeBytes(body *huma.RequestBody) {
	if !r.bytes {
		return
	}
	body.Required, body.Content = true, map[string]*huma.MediaType{}
	for _, mediaType := range r.takes {
		body.Content[mediaType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
}
