package owner

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Facts is what up and down find on the machine.
type Facts struct {
	// Mine is the state folder of this checkout.
	Mine string
	// Owner is the recorded state folder; empty without a record.
	Owner string
	// OwnerExists says whether that folder is still there.
	OwnerExists bool
	Complete    bool
	// Alive and Dead name the recorded processes.
	Alive, Dead []string
	// Sick says what is wrong although every process runs; empty when nothing is.
	Sick string
	// Nodes is how many nodes the recorded cluster has, Asked how many are asked for; 0: however many there are.
	Nodes, Asked int
	// Remains says that the kernel still has something of a cluster.
	Remains bool
}

// Action is what up does about what it found.
type Action string

const (
	Build   Action = "build"   // nothing is there
	Reuse   Action = "reuse"   // ours, and well
	Rebuild Action = "rebuild" // clear what is there, then build
	Refuse  Action = "refuse"  // another checkout's, and alive
)

// Verdict is an action with the reason the user is told.
type Verdict struct {
	Action Action
	Reason string
}

// Decide says what up does. It never clears what another checkout runs and could still want.
func Decide(f Facts) Verdict {
	switch {
	case f.Owner == "" && !f.Remains:
		return Verdict{Build, "nothing runs here"}
	case f.Owner == "":
		return Verdict{Rebuild, "remains of a cluster without an owner"}
	case f.Owner != f.Mine:
		return others(f)
	default:
		return ours(f)
	}
}

func others(f Facts) Verdict {
	checkout := filepath.Dir(f.Owner)
	switch {
	case !f.OwnerExists:
		return Verdict{Rebuild, "remains of a cluster of " + checkout + ", which no longer exists"}
	case len(f.Alive) == 0:
		return Verdict{Rebuild, "remains of a dead cluster of " + checkout}
	default:
		return Verdict{Refuse, fmt.Sprintf("this machine already runs the cluster of %s; to end it: make -C %s down", checkout, checkout)}
	}
}

func ours(f Facts) Verdict {
	switch {
	case !f.Complete:
		return Verdict{Rebuild, "its start was never finished"}
	case len(f.Dead) > 0:
		return Verdict{Rebuild, "no longer running: " + strings.Join(f.Dead, ", ")}
	case f.Sick != "":
		return Verdict{Rebuild, f.Sick}
	case f.Asked != 0 && f.Asked != f.Nodes:
		return Verdict{Refuse, fmt.Sprintf("it runs with %d node(s), %d are asked for; to throw it away and begin anew: make down, then up --nodes %d", f.Nodes, f.Asked, f.Asked)}
	default:
		return Verdict{Reuse, "it runs and is well"}
	}
}
