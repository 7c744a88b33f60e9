package store

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// The topics that can change, as a [Watch] tells them.
const (
	TopicAccounts    = "accounts" // accounts and their status
	TopicMembers     = "members"  // the accounts of organizations
	TopicEvents      = "events"
	TopicRuns        = "runs"
	TopicDeliveries  = "deliveries" // deliveries, exports, and so what anything cost
	TopicKeys        = "keys"
	TopicPeople      = "people" // people and invitations
	TopicWorkspaces  = "workspaces"
	TopicAudit       = "audit"
	TopicSettings    = "settings"
	targetOfSettings = "settings"
)

// Topics are all of them.
var Topics = []string{TopicAccounts, TopicMembers, TopicEvents, TopicRuns, TopicDeliveries, TopicKeys, TopicPeople, TopicWorkspaces, TopicAudit, TopicSettings}

// topicOf tells what a line of the audit log is about by the id that it names: keys have ids without a prefix. "" is nothing that is watched.
func topicOf(target string) string {
	prefix, _, _ := strings.Cut(target, "_")
	topics := map[string]string{
		"acc": TopicAccounts, "run": TopicRuns, "dlv": TopicDeliveries, "exp": TopicDeliveries, "usr": TopicPeople, "inv": TopicPeople,
		"ws": TopicWorkspaces, targetOfSettings: TopicSettings,
	}
	if topic, ok := topics[prefix]; ok || target == "" || prefix != target {
		return topic
	}
	return TopicKeys
}

// touch remembers that something of a workspace changes. Whoever watches is told once the change is on disk.
func (tx *Tx) touch(workspaceID, topic string) {
	if topic == "" || workspaceID == "" {
		return
	}
	if tx.touched == nil {
		tx.touched = map[string]map[string]bool{}
	}
	if tx.touched[workspaceID] == nil {
		tx.touched[workspaceID] = map[string]bool{}
	}
	tx.touched[workspaceID][topic] = true
}

// Watch is somebody who wants to know what changes in a workspace. A slow one is told of everything that changed since it looked, at once.
type Watch struct {
	C <-chan struct{} // has something when Changed does

	signal  chan struct{}
	mu      sync.Mutex
	changed map[string]bool
}

// Changed gives the topics that have changed since it was asked last, sorted.
func (w *Watch) Changed() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	topics := slices.Sorted(maps.Keys(w.changed))
	clear(w.changed)
	return topics
}

func (w *Watch) tell(topics map[string]bool) {
	w.mu.Lock()
	maps.Copy(w.changed, topics)
	w.mu.Unlock()
	select {
	case w.signal <- struct{}{}:
	default: // it knows already
	}
}

// watchers are those who watch, by workspace.
type watchers struct {
	mu sync.Mutex
	by map[string]map[*Watch]bool
}

func (all *watchers) tell(touched map[string]map[string]bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for workspaceID, topics := range touched {
		for w := range all.by[workspaceID] {
			w.tell(topics)
		}
	}
}

// Watch tells what changes in a workspace from now on. The caller calls stop when it is done. It knows of what this process changes.
func (s *Store) Watch(workspaceID string) (w *Watch, stop func()) {
	signal := make(chan struct{}, 1)
	w = &Watch{C: signal, signal: signal, changed: map[string]bool{}}
	all := &s.watchers
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.by == nil {
		all.by = map[string]map[*Watch]bool{}
	}
	if all.by[workspaceID] == nil {
		all.by[workspaceID] = map[*Watch]bool{}
	}
	all.by[workspaceID][w] = true
	return w, func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		delete(all.by[workspaceID], w)
		if len(all.by[workspaceID]) == 0 {
			delete(all.by, workspaceID)
		}
	}
}
