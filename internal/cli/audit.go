package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func auditCommand(s *serverFlags) *cobra.Command {
	return group("audit", "Read, export and verify the audit log", auditList(s), auditExport(s), auditVerify(s))
}

var auditHeader = []string{"NUMBER", "AT", "WHO", "WHAT", "OUTCOME", "TARGET", "FROM", "REASON"}

func auditRow(e bursar.AuditEntry) []string {
	who := e.Actor.Name
	if who == "" {
		who = string(e.Actor.Kind)
	}
	return []string{strconv.FormatInt(e.Seq, 10), day(e.At, ""), who, e.Action, string(e.Outcome), e.Target, e.From, e.Reason}
}

func auditList(s *serverFlags) *cobra.Command {
	var o output
	var f client.AuditFilter
	var most int
	c := &cobra.Command{
		Use: "list", Short: "List what was done, tried and refused, the newest first", Args: exactly(),
		Example: "  bursar audit list --outcome refused\n  bursar audit list --actor ann@example.com --limit 500",
		RunE: func(c *cobra.Command, _ []string) error {
			if most < 1 {
				return usage(bursar.Errorf(bursar.Invalid, "--limit is %d", most).WithHint("give at least 1"))
			}
			api, err := s.client()
			if err != nil {
				return err
			}
			entries, err := api.Audit(c.Context(), f, most)
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(entries))
			for _, e := range entries {
				rows = append(rows, auditRow(e))
			}
			return o.print(c.OutOrStdout(), entries, auditHeader, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&f.Actor, "actor", "", "only what this person or key did: id or name")
	c.Flags().StringVar(&f.Action, "action", "", "only this action: addAccount, assumeRole…")
	c.Flags().StringVar(&f.Target, "target", "", "only what was done to this id")
	c.Flags().StringVar(&f.Outcome, "outcome", "", "only done, refused or failed")
	c.Flags().IntVar(&most, "limit", 50, "lines at most")
	return c
}

func auditExport(s *serverFlags) *cobra.Command {
	var after int64
	c := &cobra.Command{
		Use: "export", Short: "Write the whole audit log as JSON lines, the oldest first", Args: exactly(),
		Example: "  bursar audit export > audit.jsonl\n  bursar audit verify audit.jsonl",
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			out := bufio.NewWriter(c.OutOrStdout())
			enc := json.NewEncoder(out)
			if err := api.ExportAudit(c.Context(), after, func(e bursar.AuditEntry) error { return enc.Encode(e) }); err != nil {
				return explain(err)
			}
			return out.Flush()
		},
	}
	c.Flags().Int64Var(&after, "after", 0, "only lines after the one with this number")
	return c
}

func auditVerify(s *serverFlags) *cobra.Command {
	var expect string
	c := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Prove that no line of the audit log was changed, left out or put in",
		Long: `Prove that no line of the audit log was changed, left out or put in: of the server's, or of one that was exported.

Every line holds the hash of the one before. What is printed at the end names the last line by its number and hash: keep it
elsewhere, and give it to --expect the next time. Then a log that was cut, or written anew as a whole, is found out too.`,
		Example: "  bursar audit verify --expect 4711:9f86d081884c7d65…",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v := &verifier{}
			if err := v.remember(expect); err != nil {
				return usage(err)
			}
			if err := v.read(c.Context(), s, args); err != nil {
				return err
			}
			if err := v.end(); err != nil {
				return &exitError{ExitFinding, err}
			}
			return s.note(c, "%d lines, none changed; the last is %d:%s\n", v.chain.Seq, v.chain.Seq, v.chain.Hash)
		},
	}
	c.Flags().StringVar(&expect, "expect", "", "a line that was noted before, as NUMBER:HASH, which must still be there")
	return c
}

// verifier follows the chain, and looks for a line that was noted before.
type verifier struct {
	chain bursar.AuditChain
	seq   int64 // of the line that is expected; 0 for none
	hash  string
	met   bool
}

func (v *verifier) remember(expect string) (err error) {
	if expect == "" {
		return nil
	}
	number, hash, ok := strings.Cut(expect, ":")
	if v.seq, err = strconv.ParseInt(number, 10, 64); err != nil || !ok || v.seq < 1 || len(hash) != 64 {
		return bursar.Errorf(bursar.Invalid, "--expect %q is not NUMBER:HASH", expect).WithHint("\"bursar audit verify\" prints it at its end")
	}
	v.hash = hash
	return nil
}

func (v *verifier) next(e bursar.AuditEntry) error {
	if err := v.chain.Next(e); err != nil {
		return &exitError{ExitFinding, err}
	}
	v.met = v.met || e.Seq == v.seq && e.Hash == v.hash
	return nil
}

func (v *verifier) end() error {
	if v.seq == 0 || v.met {
		return nil
	}
	return bursar.Errorf(bursar.Conflict, "line %d is not the one that was noted", v.seq).
		WithHint("the log was cut or written anew; compare with an export or a backup from before")
}

// read takes every line, from a file or from the server.
func (v *verifier) read(ctx context.Context, s *serverFlags, args []string) error {
	if len(args) == 0 {
		api, err := s.client()
		if err != nil {
			return err
		}
		return explain(api.ExportAudit(ctx, 0, v.next))
	}
	f, err := os.Open(args[0])
	if err != nil {
		return usage(bursar.Errorf(bursar.Invalid, "the export cannot be read: %w", err))
	}
	defer f.Close()
	return v.lines(f, args[0])
}

func (v *verifier) lines(r io.Reader, name string) error {
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var e bursar.AuditEntry
		err := dec.Decode(&e)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return usage(bursar.Errorf(bursar.Invalid, "line %d of %s is no line of an audit log: %w", n, name, err).WithHint("give a file that \"bursar audit export\" has written"))
		}
		if err := v.next(e); err != nil {
			return err
		}
	}
}
