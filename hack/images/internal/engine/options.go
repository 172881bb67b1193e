package engine

// Options say for whom the engine works.
type Options struct {
	// Checkout is the folder whose pinned versions count.
	Checkout string
	// Logs is the folder for the daemon's log and the whole output of each build.
	Logs string
	// Note tells the user about something that takes long.
	Note func(format string, args ...any)
	// Empty begins with nothing in BuildKit's cache, and leaves nothing there.
	Empty bool
}
