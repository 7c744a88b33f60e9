package bursar_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"pgregory.net/rapid"
)

// written makes a log as the store does.
func written(t *rapid.T, n int) []bursar.AuditEntry {
	out := make([]bursar.AuditEntry, n)
	previous := ""
	for i := range out {
		e := bursar.AuditEntry{
			WorkspaceID: "ws_a", Seq: int64(i + 1), At: time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(t, "at")).UTC(), Actor: bursar.Actor{Kind: bursar.ActorUser, Name: rapid.String().Draw(t, "name")},
			Action: "addAccount", Outcome: bursar.OutcomeDone, Previous: previous,
		}
		e.After, _ = json.Marshal(map[string]string{"name": rapid.String().Draw(t, "after")})
		var err error
		if e.Hash, err = e.Sum(); err != nil {
			t.Fatal(err)
		}
		out[i], previous = e, e.Hash
	}
	return out
}

func follow(entries []bursar.AuditEntry) (bursar.AuditChain, error) {
	var c bursar.AuditChain
	for _, e := range entries {
		if err := c.Next(e); err != nil {
			return c, err
		}
	}
	return c, nil
}

func TestTheChainHoldsThroughJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := written(t, rapid.IntRange(1, 6).Draw(t, "lines"))
		var read []bursar.AuditEntry
		b, err := json.Marshal(log)
		if err == nil {
			err = json.Unmarshal(b, &read)
		}
		if err != nil {
			t.Fatal(err)
		}
		end, err := follow(read)
		if err != nil || end.Seq != int64(len(log)) || end.Hash != log[len(log)-1].Hash {
			t.Errorf("%+v %v", end, err)
		}
	})
}

func TestTheChainShowsEveryForgery(t *testing.T) {
	forgeries := map[string]func([]bursar.AuditEntry, int) []bursar.AuditEntry{
		"another actor": func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { l[i].Actor.Name += "x"; return l },
		"another time": func(l []bursar.AuditEntry, i int) []bursar.AuditEntry {
			l[i].At = l[i].At.Add(time.Microsecond)
			return l
		},
		"another outcome":   func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { l[i].Outcome = bursar.OutcomeRefused; return l },
		"another after":     func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { l[i].After = json.RawMessage(`{}`); return l },
		"a line left out":   func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { return append(l[:i:i], l[i+1:]...) },
		"a line twice":      func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { return append(l[:i+1:i+1], l[i:]...) },
		"another workspace": func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { l[i].WorkspaceID = "ws_b"; return l },
		"hashed again": func(l []bursar.AuditEntry, i int) []bursar.AuditEntry {
			l[i].Reason = "forged"
			l[i].Hash, _ = l[i].Sum()
			return l
		},
		"swapped": func(l []bursar.AuditEntry, i int) []bursar.AuditEntry { l[i], l[i+1] = l[i+1], l[i]; return l },
	}
	rapid.Check(t, func(t *rapid.T) {
		log := written(t, 5)
		at := rapid.IntRange(0, 3).Draw(t, "line")
		for name, forge := range forgeries {
			if _, err := follow(forge(append([]bursar.AuditEntry{}, log...), at)); bursar.CodeOf(err) != bursar.Conflict {
				t.Errorf("%s at %d: %v", name, at, err)
			}
		}
	})
}

func ExampleAuditChain() {
	first := bursar.AuditEntry{WorkspaceID: "ws_a", Seq: 1, Actor: bursar.Actor{Kind: bursar.ActorSystem}, Action: "addWorkspace", Outcome: bursar.OutcomeDone}
	first.Hash, _ = first.Sum()
	var chain bursar.AuditChain
	fmt.Println(chain.Next(first), chain.Seq)
	// Output: <nil> 1
}
