package conform

import (
	"errors"
	"os"
	"path/filepath"
)

// load reads the files that a write sends.
func (w *Write) load(folder string) (err error) {
	if w == nil || !w.isFile() {
		return nil
	}
	if w.Type == "" || w.Body != nil || w.Other != nil {
		return errors.New("a file is sent with its type, and without a body")
	}
	if w.Body, err = os.ReadFile(filepath.Join(folder, w.File)); err != nil || w.OtherFile == "" {
		return err
	}
	w.Other, err = os.ReadFile(filepath.Join(folder, w.OtherFile))
	return err
}

// isFile tells whether it sends no JSON.
func (w *Write) isFile() bool { return w.File != "" }

// mediaType is that of its body.
func (w *Write) mediaType() string { return or(w.Type, "application/json") }

// sends is a body of the write, under its media type.
func (w *Write) sends(body []byte) option {
	return func(r *call) {
		jsonBody(body)(r)
		if body != nil {
			r.header.Set("Content-Type", w.mediaType())
		}
	}
}

// spoiled is its body, made wrong: a file that is cut off, JSON with a member that is.
func (w *Write) spoiled() []byte {
	if w.isFile() {
		return w.Body[:len(w.Body)/2]
	}
	return spoiled(w.Body)
}
