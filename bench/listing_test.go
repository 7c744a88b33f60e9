package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestAPageThatIsRefusedFailsTheBench(t *testing.T) {
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer key":
			http.Error(w, "who is it?", http.StatusUnauthorized)
		case r.URL.Query().Get("cursor") == "":
			fmt.Fprint(w, `{"items":[],"next_cursor":"c1"}`)
		default:
			fmt.Fprint(w, `{"items":[]}`)
		}
	}))
	defer fake.Close()
	l := &load{s: &server{url: fake.URL, token: "key"}, http: fake.Client()}
	for path, want := range map[string]string{"/accounts": "c1", "/accounts?cursor=c1": ""} {
		if next, err := l.page(t.Context(), path); err != nil || next != want {
			t.Errorf("%s is followed by %q, %v", path, next, err)
		}
	}
	l.s.token = "other"
	if _, err := l.page(t.Context(), "/accounts"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a refused request gave %v", err)
	}
}

func TestProcessorTimeGrowsWithWork(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the system does not tell: ", err)
	}
	s := &server{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	before := s.processorTime()
	for s.processorTime() == before { // reading it is work
		if t.Context().Err() != nil {
			t.Fatal("it does not grow")
		}
	}
}
