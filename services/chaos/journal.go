package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// entry is a line of the journal.
type entry struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	// Who is the process, or the mail address of an attempt to order.
	Who    string `json:"who,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// journal is what happened, in order. Faults are what must not.
type journal struct {
	mu     sync.Mutex
	file   *os.File
	of     map[string][]entry
	faults []violation
}

func openJournal(path string) (*journal, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	return &journal{file: f, of: map[string][]entry{}}, nil
}

// note writes a line down.
func (j *journal) note(what, who, detail string) {
	e := entry{time.Now().UTC(), what, who, detail}
	text, err := json.Marshal(e)
	if err != nil { // of strings
		panic(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.of[who] = append(j.of[who], e)
	_, _ = j.file.Write(append(text, '\n')) // the report says the same
}

// fault notes what must not happen.
func (j *journal) fault(what, detail string) {
	j.note("FAULT: "+what, "", detail)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.faults = append(j.faults, violation{Rule: what, Detail: detail})
}

// about is what was noted of somebody.
func (j *journal) about(who string) []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]entry{}, j.of[who]...)
}

func (j *journal) found() []violation {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]violation{}, j.faults...)
}

func (j *journal) close() { _ = j.file.Close() }
