package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// screen shows steps as they go: on a terminal a line that moves, elsewhere a
// line now and then.
type screen struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	title string
	note  string
	began time.Time
	said  time.Time
}

func newScreen(out *os.File) *screen {
	info, err := out.Stat()
	return &screen{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// step shows a step while work does it, and what came of it afterwards.
func (s *screen) step(title string, work func(note func(string)) (string, error)) error {
	s.mu.Lock()
	s.title, s.note, s.began, s.said = title, "", time.Now(), time.Now()
	s.mu.Unlock()

	done := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { s.tick(done) })
	result, err := work(s.setNote)
	close(done)
	ticking.Wait()

	mark := "ok"
	if err != nil {
		mark, result = "FAILED", "" // whoever gets the error says it
	}
	first, more, _ := strings.Cut(result, "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	fmt.Fprintf(s.out, "  %-6s %6.1f s  %-42s %s\n", mark, time.Since(s.began).Seconds(), title, first)
	for line := range strings.Lines(more) {
		fmt.Fprintf(s.out, "%19s%s\n", "", strings.TrimSpace(line))
	}
	return err
}

func (s *screen) setNote(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note = note
}

func (s *screen) tick(done <-chan struct{}) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case now := <-ticker.C:
			s.progress(now)
		}
	}
}

func (s *screen) progress(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf("  …      %6.1f s  %-42s %s", now.Sub(s.began).Seconds(), s.title, s.note)
	if s.terminal {
		fmt.Fprintf(s.out, "\r\x1b[K%s", line)
		return
	}
	if now.Sub(s.said) >= 10*time.Second {
		s.said = now
		fmt.Fprintln(s.out, line)
	}
}
