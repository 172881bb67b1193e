package git

import (
	"bytes"
	"context"
	"errors"
	"strings"
)

// fetch asks for these objects themselves, without what they name: "tree:0" leaves out every tree and
// file that was not asked for by its hash. GitHub allows no other filter of trees. What the server did not send is not
// among the objects: their kind has to be looked at.
func (t *talk) fetch(ctx context.Context, hashes []string, deepen bool) (map[string]object, error) {
	m := t.command("fetch")
	m.line("no-progress")
	m.line("filter tree:0")
	if deepen {
		m.line("deepen 1") // the commit without those before it
	}
	for _, h := range hashes {
		m.line("want %s", h)
	}
	m.line("done")
	m.flush()
	p, err := t.ask(ctx, m.Bytes())
	if err != nil {
		return nil, err
	}
	raw, err := readPackfile(p)
	if err != nil {
		return nil, refused(err)
	}
	return readPack(raw, len(hashes[0]))
}

// Bands of the section with the pack.
const (
	bandData  = 1
	bandError = 3
)

// readPackfile returns the pack of an answer: sections that each begin with their name.
func readPackfile(p *packets) ([]byte, error) {
	within := ""
	var raw []byte
	for {
		k, line, err := p.next()
		said, isError := bytes.CutPrefix(line, []byte("ERR "))
		switch {
		case err != nil:
			return nil, err
		case k == flush && within == "packfile":
			return raw, nil
		case k == flush, len(line) == 0 && k == data:
			return nil, errNotGit
		case k == delim:
			within = ""
		case within == "packfile" && line[0] == bandData:
			raw = append(raw, line[1:]...)
		case within == "packfile" && line[0] == bandError:
			return nil, serverError(line[1:])
		case within == "" && isError:
			return nil, serverError(said)
		case within == "":
			within = strings.TrimSuffix(string(line), "\n")
		}
	}
}

// refused tells what a server will not send by what Git says in that case.
func refused(err error) error {
	var said serverError
	switch {
	case !errors.As(err, &said):
		return err
	case bytes.Contains(said, []byte("filter")):
		return cannotFilter()
	case bytes.Contains(said, []byte("not our ref")):
		return noCommit()
	}
	return errNotGit
}

func cannotFilter() error {
	return refuse(CannotFilter, "the server sends no trees without files, so every commit is built: "+
		"let it speak Git's protocol version 2 and set uploadpack.allowFilter, or leave spec.paths out")
}

func noCommit() error {
	return refuse(CommitNotFound, "the server does not have the commit any more: the branch was pushed by force; the operator asks again what it says")
}
