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

// delta is an object as a change of another.
type delta struct {
	base    string
	changes []byte
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

// resolve applies deltas until none is left. The base of one may be made by another that stands behind it.
func (p *pack) resolve() error {
	for len(p.deltas) > 0 {
		var waiting []delta
		for _, d := range p.deltas {
			base, known := p.objects[d.base]
			if !known {
				waiting = append(waiting, d)
				continue
			}
			content, err := p.apply(base.content, d.changes)
			if err != nil {
				return err
			}
			p.add(object{base.kind, content})
		}
		if len(waiting) == len(p.deltas) {
			return errNotGit
		}
		p.deltas = waiting
	}
	return nil
}

// apply makes an object of its base: size of the base, size of the object, then copies and insertions.
func (p *pack) apply(base, changes []byte) ([]byte, error) {
	r := bytes.NewReader(changes)
	from, err := binary.ReadUvarint(r)
	if err != nil || from != uint64(len(base)) {
		return nil, errNotGit
	}
	size, err := binary.ReadUvarint(r)
	if err != nil || size > uint64(max(p.left, 0)) {
		return nil, errTooLarge
	}
	p.left -= int(size)
	out := make([]byte, 0, size)
	for r.Len() > 0 {
		part, err := instruction(r, base)
		if err != nil || len(out)+len(part) > int(size) {
			return nil, errNotGit
		}
		out = append(out, part...)
	}
	if len(out) != int(size) {
		return nil, errNotGit
	}
	return out, nil
}

// instruction returns what one instruction of a delta adds.
func instruction(r *bytes.Reader, base []byte) ([]byte, error) {
	op, err := r.ReadByte()
	if err != nil || op == 0 {
		return nil, errNotGit
	}
	if op&0x80 == 0 {
		part := make([]byte, op)
		_, err := io.ReadFull(r, part)
		return part, err
	}
	var numbers [7]byte // four of the offset, three of the length, each there if its bit is set
	for i := range numbers {
		if op>>i&1 == 1 {
			if numbers[i], err = r.ReadByte(); err != nil {
				return nil, err
			}
		}
	}
	at := int(binary.LittleEndian.Uint32(numbers[:4]))
	length := int(numbers[4]) | int(numbers[5])<<8 | int(numbers[6])<<16
	if length == 0 {
		length = 0x10000
	}
	if at+length > len(base) {
		return nil, errNotGit
	}
	return base[at : at+length], nil
}
