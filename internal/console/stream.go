package console

import (
	"fmt"
	"net/http"
	"time"
)

const (
	heartbeat    = 15 * time.Second
	streamWrites = 10 * time.Second // one write; who does not read for so long is gone
)

// changes is a stream that says that something changed, and never what: the page that is shown is fetched again.
func (s *Server) changes(w http.ResponseWriter, r *http.Request, who *session) error {
	name, err := shopOf(r)
	if err != nil {
		return err
	}
	reader, leave, err := s.hub.join(who.identity, name.Namespace)
	if err != nil {
		s.fail(w, r, problem{http.StatusTooManyRequests, "The stream was not opened", err.Error()})
		return nil
	}
	defer leave()
	out := stream{w, http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // else the end of the time to read a request is the end of its context
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx and its kind would keep it back
	if out.write(s.now(), "retry: 3000\n\n") != nil {
		return nil
	}
	s.follow(r, who, reader, out)
	return nil
}

// follow writes until somebody ends it.
func (s *Server) follow(r *http.Request, who *session, reader *reader, out stream) {
	beat := time.NewTicker(heartbeat) //nolint:forbidigo // a stream waits for its reader, and decides nothing
	defer beat.Stop()
	end := time.NewTimer(who.ends.Sub(s.now())) //nolint:forbidigo // as above
	defer end.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case <-reader.out:
			_ = out.write(s.now(), event("signed-out"))
			return
		case <-who.over.Done():
			_ = out.write(s.now(), event("signed-out"))
			return
		case <-end.C:
			_ = out.write(s.now(), event("signed-out"))
			return
		case <-reader.changed:
			err = out.write(s.now(), event("changed"))
		case <-beat.C:
			err = out.write(s.now(), ": still here\n\n")
		}
		if err != nil {
			return
		}
	}
}

// event without data is none to a browser.
func event(name string) string { return "event: " + name + "\ndata: -\n\n" }

// stream writes with a time for each write: the server's own is for whole answers.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) write(now time.Time, text string) error {
	if err := s.control.SetWriteDeadline(now.Add(streamWrites)); err != nil {
		return fmt.Errorf("setting the time of a write: %w", err)
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
