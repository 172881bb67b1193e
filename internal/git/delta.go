package git

import (
	"bytes"
	"encoding/binary"
	"io"
)

// delta is an object as a change of another.
type delta struct {
	base    string
	changes []byte
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
