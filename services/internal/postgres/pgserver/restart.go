package pgserver

import "syscall"

// Kill ends the server at once, without a checkpoint and without a word to its
// clients: connections break, and nobody listens.
func (s *Server) Kill() {
	if s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // ended already: that is what is wanted
	}
	<-s.done
}

// Restart brings back one that was killed, and returns when it takes sessions. It
// recovers from its log: with synchronous_commit=on it has all that was committed,
// as long as the machine itself did not die.
func (s *Server) Restart() error {
	who, err := owner()
	if err != nil {
		return err
	}
	return s.run(who)
}

// PID is the server's process, whose children are its sessions.
func (s *Server) PID() int { return s.cmd.Process.Pid }
