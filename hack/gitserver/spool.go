package gitserver

import (
	"errors"
	"io"
	"os"
)

// keep writes a body to a file without a place in a folder of ours, and goes back to its beginning.
func keep(body io.Reader) (spool *os.File, size int64, err error) {
	if spool, err = os.CreateTemp("", "push-"); err != nil {
		return nil, 0, err
	}
	size, err = io.Copy(spool, body)
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		discard(spool)
		return nil, 0, err
	}
	return spool, size, nil
}

func discard(spool *os.File) {
	_ = errors.Join(spool.Close(), os.Remove(spool.Name())) // a file in the temporary folder
}
