package git

import (
	"errors"
	"fmt"
)

// Reason is what kept a question from being answered.
type Reason string

// What has to be changed by the source's team or the operator's administrator: waiting does not help.
const (
	InvalidURL         Reason = "InvalidURL"
	InvalidBranch      Reason = "InvalidBranch"
	InvalidPath        Reason = "InvalidPath"
	InvalidCredentials Reason = "InvalidCredentials"
	HostNotAllowed     Reason = "HostNotAllowed"
)

// What the server or the way to it did: the next try may be right.
const (
	Unreachable            Reason = "Unreachable"
	TimedOut               Reason = "TimedOut"
	NotTrusted             Reason = "NotTrusted" // its certificate or SSH host key
	AuthenticationRequired Reason = "AuthenticationRequired"
	AuthenticationRefused  Reason = "AuthenticationRefused"
	RepositoryNotFound     Reason = "RepositoryNotFound"
	EmptyRepository        Reason = "EmptyRepository"
	BranchNotFound         Reason = "BranchNotFound"
	CommitNotFound         Reason = "CommitNotFound"
	RedirectRefused        Reason = "RedirectRefused"
	TooLarge               Reason = "TooLarge"
	NotGit                 Reason = "NotGit"       // it answers, but not as a Git server
	CannotFilter           Reason = "CannotFilter" // Trees: it sends no trees without files
)

// Error says in one sentence why a server gave no answer, and what to do. The sentence is the same on
// every retry and holds no credential. There is no cause in it: a cause has ports and addresses.
type Error struct {
	Reason  Reason
	message string
}

func (e *Error) Error() string { return e.message }

// Invalid is true when only a change of the source, its Secret or the operator's flags helps.
func (e *Error) Invalid() bool {
	switch e.Reason {
	case InvalidURL, InvalidBranch, InvalidPath, InvalidCredentials, HostNotAllowed:
		return true
	}
	return false
}

// ReasonOf returns the reason of an error of this package, and "" for any other.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func refuse(reason Reason, format string, args ...any) *Error {
	return &Error{reason, fmt.Sprintf(format, args...)}
}

// What goes wrong on the way to a server; explain makes sentences of it.
var (
	errAddress  = errors.New("the address is not asked")
	errRedirect = errors.New("the server redirects to another place")
	errTooLarge = errors.New("the answer is larger than is read")
	errNotGit   = errors.New("the answer is not that of a Git server")
	errHostKey  = errors.New("the host key is not in known_hosts")
)
