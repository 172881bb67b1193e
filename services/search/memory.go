package search

import "sync"

// mostRemembered bounds what one memory holds, in bytes; what is as large as an eighth of that is not kept.
const mostRemembered = 4 << 20

// memory keeps answers for as long as what they are made of stays as it is: many customers type the same few words. It is exact:
// each answer is of a state, which its caller names, and is given for that state alone.
type memory[T any] struct {
	mu      sync.Mutex
	state   int64
	size    int
	answers map[string]T
}

// get is the answer of a state, and whether there is one.
func (m *memory[T]) get(state int64, key string) (answer T, there bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state == state {
		answer, there = m.answers[key]
	}
	return answer, there
}

// keep takes an answer of a state, which was read before the answer was made. What was of another state goes; and when it becomes
// too much, everything: what is asked for often is back soon.
func (m *memory[T]) keep(state int64, key string, answer T, bytes int) {
	const entry = 64 // about what a map needs for each
	bytes += len(key) + entry
	m.mu.Lock()
	defer m.mu.Unlock()
	if state < m.state || bytes > mostRemembered/8 {
		return
	}
	if state > m.state || m.answers == nil || m.size+bytes > mostRemembered {
		m.state, m.size, m.answers = state, 0, map[string]T{}
	}
	if _, there := m.answers[key]; !there {
		m.size += bytes
		m.answers[key] = answer
	}
}
