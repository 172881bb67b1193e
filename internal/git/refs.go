package git

import (
	"errors"
	"io"
	"strings"
)

// greeting is what a server says first: in version 2 what it can do, before that all of its refs.
type greeting struct {
	v2     bool
	can    map[string]string // of version 2
	format string            // the hash: "" where the server does not say
	refs   []Ref             // of versions 0 and 1
}

// filters reports whether the server sends objects of a commit without its files.
func (g greeting) filters() bool {
	for _, feature := range strings.Fields(g.can["fetch"]) {
		if feature == "filter" {
			return g.v2
		}
	}
	return false
}

// readGreeting reads what follows the start of a connection. Over HTTP a line may say which service it is.
func readGreeting(p *packets, keep func(Ref) bool) (greeting, error) {
	line, ok, err := p.text()
	if err == nil && strings.HasPrefix(line, "# service=git-upload-pack") {
		if _, ok, err = p.text(); ok {
			return greeting{}, errNotGit
		}
		if err == nil {
			line, ok, err = p.text()
		}
	}
	switch {
	case err != nil:
		return greeting{}, err
	case ok && line == "version 2":
		return readAbilities(p)
	case ok && line == "version 1":
		line, ok, err = p.text()
	}
	return readAdvertised(p, line, ok, err, keep)
}

// mostAbilities bounds what a server can say of itself.
const mostAbilities = 64

func readAbilities(p *packets) (greeting, error) {
	g := greeting{v2: true, can: map[string]string{}}
	for {
		line, ok, err := p.text()
		if err != nil || len(g.can) > mostAbilities {
			return g, errors.Join(err, tooMany(len(g.can)))
		}
		if !ok {
			g.format = g.can["object-format"]
			return g, nil
		}
		name, value, _ := strings.Cut(line, "=")
		g.can[name] = value
	}
}

func tooMany(abilities int) error {
	if abilities > mostAbilities {
		return errNotGit
	}
	return nil
}

// readAdvertised reads refs as versions 0 and 1 send them: "hash name", the first with abilities behind a zero.
func readAdvertised(p *packets, line string, ok bool, err error, keep func(Ref) bool) (greeting, error) {
	var g greeting
	line, _, _ = strings.Cut(line, "\x00")
	for ; ok && err == nil; line, ok, err = p.text() {
		if strings.HasPrefix(line, "shallow ") {
			continue
		}
		at, name, two := strings.Cut(line, " ")
		if name == "capabilities^{}" { // stands for "no refs"
			continue
		}
		if !two || !isHash(at) {
			return g, errNotGit
		}
		if r := (Ref{name, at}); keep(r) {
			g.refs = append(g.refs, r)
		}
	}
	return g, err
}

// askRefs is the question of version 2 for refs that begin so.
func (g greeting) askRefs(prefixes ...string) []byte {
	m := g.command("ls-refs")
	m.line("peel")
	for _, prefix := range prefixes {
		m.line("ref-prefix %s", prefix)
	}
	m.flush()
	return m.Bytes()
}

// command begins a question of version 2; its arguments follow.
func (g greeting) command(name string) *message {
	m := &message{}
	m.line("command=%s", name)
	if g.format == "sha1" || g.format == "sha256" {
		m.line("object-format=%s", g.format)
	}
	m.delim()
	return m
}

// readRefs reads the answer to askRefs: "hash name [peeled:hash] …".
func readRefs(p *packets, keep func(Ref) bool) ([]Ref, error) {
	var refs []Ref
	for {
		line, ok, err := p.text()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // an answer ends in a packet, not before
		}
		if !ok || err != nil {
			return refs, err
		}
		fields := strings.Split(line, " ")
		if len(fields) < 2 || !isHash(fields[0]) {
			return nil, errNotGit
		}
		r := Ref{fields[1], fields[0]}
		if keep(r) {
			refs = append(refs, r)
		}
		for _, attribute := range fields[2:] {
			if at, ok := strings.CutPrefix(attribute, "peeled:"); ok && isHash(at) && keep(r) {
				refs = append(refs, Ref{r.Name + peeled, at})
			}
		}
	}
}

// keeper keeps of a server's refs what HeadOf can use, so that a server with many, or endless ones, takes no memory.
type keeper struct {
	branch string
	others int
}

func (k *keeper) keep(r Ref) bool {
	if tag, ok := strings.CutPrefix(r.Name, tagRefs); ok {
		return isVersion(strings.TrimSuffix(tag, peeled))
	}
	branch, ok := strings.CutPrefix(r.Name, headRefs)
	switch {
	case !ok:
		return false
	case branch == k.branch, likely(branch):
		return true
	}
	k.others++ // servers send them in the order of the alphabet
	return k.others <= mostBranches+1
}
