package app

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// steps prints what the demo does, each step with the time that it took: lines for people, JSON lines for programs.
type steps struct {
	out    io.Writer
	json   bool
	now    func() time.Time
	began  time.Time
	number int
}

type stepLine struct {
	Step    int     `json:"step"`
	What    string  `json:"what"`
	OK      bool    `json:"ok"`
	Seconds float64 `json:"seconds"`
	Result  string  `json:"result,omitempty"`
	Error   string  `json:"error,omitempty"`
}

// do runs one step and prints it. The step's result is a sentence for people.
func (s *steps) do(what string, f func() (string, error)) error {
	if s.began.IsZero() {
		s.began = s.now()
	}
	start := s.now()
	s.number++
	result, err := f()
	line := stepLine{Step: s.number, What: what, OK: err == nil, Seconds: s.now().Sub(start).Seconds(), Result: result}
	if err != nil {
		line.Error = err.Error()
	}
	s.print(line)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (s *steps) print(l stepLine) {
	if s.json {
		b, err := json.Marshal(l)
		if err == nil {
			fmt.Fprintf(s.out, "%s\n", b)
		}
		return
	}
	mark := "ok  "
	if !l.OK {
		mark = "FAIL"
	}
	fmt.Fprintf(s.out, "%2d  %s %6.2fs  %s\n", l.Step, mark, l.Seconds, l.What)
	for _, text := range []string{l.Result, l.Error} {
		if text != "" {
			fmt.Fprintf(s.out, "                  %s\n", text)
		}
	}
}

// text prints something that belongs to no step; programs do not see it.
func (s *steps) text(t string) {
	if !s.json {
		fmt.Fprint(s.out, t)
	}
}
