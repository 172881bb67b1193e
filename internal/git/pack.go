package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" // the name of objects in most repositories
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// mostObjects bounds a pack of a commit or of a few trees; mostInflated all of what it holds, which may be
// a thousand times as large as what was sent.
const (
	mostObjects  = 4096
	mostInflated = 16 << 20
)

// Kinds of entries in a pack.
const (
	packCommit   = 1
	packTree     = 2
	packBlob     = 3
	packTag      = 4
	packRefDelta = 7 // by the name of its base; the other form, by offset, is sent only to who asks for it
)

var kindNames = map[byte]string{packCommit: "commit", packTree: "tree", packBlob: "blob", packTag: "tag"}

// object is what a pack holds, by its name. Names are computed here: a server cannot give
// one object for another.
type object struct {
	kind    byte
	content []byte
}

// pack reads one pack.
type pack struct {
	r       *bytes.Reader
	newHash func() hash.Hash
	left    int
	objects map[string]object
	deltas  []delta
}

// readPack returns the objects of a pack by their names, in hexadecimal digits.
func readPack(raw []byte, hexDigits int) (map[string]object, error) {
	p := &pack{r: bytes.NewReader(raw), newHash: sha1.New, left: mostInflated, objects: map[string]object{}}
	if hexDigits == 2*sha256.Size {
		p.newHash = sha256.New
	}
	var head struct {
		Signature      [4]byte
		Version, Count uint32
	}
	if err := binary.Read(p.r, binary.BigEndian, &head); err != nil || string(head.Signature[:]) != "PACK" || head.Version != 2 {
		return nil, errNotGit
	}
	if head.Count > mostObjects {
		return nil, errTooLarge
	}
	for range head.Count {
		if err := p.entry(); err != nil {
			return nil, err
		}
	}
	return p.objects, p.resolve()
}

func (p *pack) entry() error {
	kind, size, err := p.head()
	if err != nil {
		return err
	}
	base := make([]byte, p.newHash().Size())
	if kind == packRefDelta {
		if _, err := io.ReadFull(p.r, base); err != nil {
			return errNotGit
		}
	}
	content, err := p.inflate(size)
	if err != nil {
		return err
	}
	switch {
	case kind == packRefDelta:
		p.deltas = append(p.deltas, delta{hex.EncodeToString(base), content})
	case kindNames[kind] == "":
		return errNotGit
	default:
		p.add(object{kind, content})
	}
	return nil
}

// head reads kind and size of an entry: three bits and four, then seven a byte.
func (p *pack) head() (kind byte, size int, err error) {
	b, err := p.r.ReadByte()
	if err != nil {
		return 0, 0, errNotGit
	}
	kind, size = b>>4&7, int(b&15)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = p.r.ReadByte(); err != nil || shift > 32 {
			return 0, 0, errNotGit
		}
		size |= int(b&0x7f) << shift
	}
	return kind, size, nil
}

// inflate reads what is said to be so large, and no more.
func (p *pack) inflate(size int) ([]byte, error) {
	if p.left -= size; p.left < 0 {
		return nil, errTooLarge
	}
	z, err := zlib.NewReader(p.r)
	if err != nil {
		return nil, errNotGit
	}
	defer z.Close()
	content, err := io.ReadAll(io.LimitReader(z, int64(size)+1)) // to its end, so that the checksum is looked at
	if err != nil || len(content) != size {
		return nil, errNotGit
	}
	return content, nil
}

func (p *pack) add(o object) {
	h := p.newHash()
	fmt.Fprintf(h, "%s %d\x00", kindNames[o.kind], len(o.content))
	h.Write(o.content)
	p.objects[hex.EncodeToString(h.Sum(nil))] = o
}
