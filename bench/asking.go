package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

const (
	askLimit     = 20 * time.Millisecond
	askManyLimit = 100 * time.Millisecond
	questions    = 50
	manyMonths   = 10
)

// ask asks for cost by service and day over one month, through the API of a server.
func (b *bench) ask(ctx context.Context) error {
	d, err := b.bills(ctx, b.month())
	if err != nil {
		return err
	}
	return b.askOver(ctx, "asked", askLimit, d)
}

// askMany asks the same over ten months of twice the size.
func (b *bench) askMany(ctx context.Context) error {
	var all []*delivered
	for i := range manyMonths {
		d, err := b.bills(ctx, bill{Rows: 2 * b.rows, Files: 8, Format: bursar.FileCSV, Period: benchMonth.Add(i)})
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	return b.askOver(ctx, "asked-many", askManyLimit, all...)
}

func (b *bench) askOver(ctx context.Context, folder string, limit time.Duration, bills ...*delivered) error {
	s, err := b.serveLake(ctx, b.folder(folder), bills)
	if err != nil {
		return err
	}
	a, err := s.ask(ctx, bills)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	rows := 0
	for _, d := range bills {
		rows += int(d.Truth.Rows)
	}
	b.table.judge(fmt.Sprintf("cost by service and day, %d line items, %d months", rows, len(bills)), fmt.Sprintf("at most %d ms", limit.Milliseconds()), a.median <= limit,
		"%s, median of %d through the API (the first %s, the fastest %s)", ms(a.median), questions, ms(a.first), ms(a.fastest))
	b.table.add("  server's processor time, its start and all questions", "%.2f s", (s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()).Seconds())
	b.table.add("  server's peak memory", "%s", mb(peak(s.cmd.ProcessState)))
	return nil
}

// serveLake starts a server whose lake holds bills: once to have its key, then, when they are imported, to be asked.
func (b *bench) serveLake(ctx context.Context, data string, bills []*delivered) (*server, error) {
	s, err := b.serve(ctx, data)
	if err != nil {
		return nil, err
	}
	token := s.token
	if err := s.stop(); err != nil {
		return nil, err
	}
	args := []string{data, ""}
	for _, d := range bills {
		args = append(args, d.Dir)
	}
	if _, err := measure(ctx, "bursar-import", args...); err != nil {
		return nil, err
	}
	if s, err = b.serve(ctx, data); err != nil {
		return nil, err
	}
	s.token = token
	return s, nil
}

// answers says how long answers took.
type answers struct{ first, median, fastest time.Duration }

// ask asks many times, and makes sure that each answer is right.
func (s *server) ask(ctx context.Context, bills []*delivered) (a answers, err error) {
	c, err := client.New(s.url, client.WithToken(s.token))
	if err != nil {
		return a, err
	}
	q := client.Question{
		GroupBy: []string{"service"}, Granularity: "daily",
		From: bills[0].Period.String(), To: bills[len(bills)-1].Period.Add(1).String(),
	}
	var all []time.Duration
	for range questions {
		began := time.Now()
		answer, err := c.Costs(ctx, q)
		if err != nil {
			return a, err
		}
		all = append(all, time.Since(began))
		if err := right(answer, bills); err != nil {
			return a, err
		}
	}
	return answers{first: all[0], fastest: slices.Min(all), median: median(all)}, nil
}

// right holds an answer against what the generator says of those days.
func right(answer *client.Costs, bills []*delivered) error {
	want := map[string]bursar.Decimal{}
	for _, d := range bills {
		for day, t := range d.Truth.ByDay {
			want[day] = want[day].Add(t.Unblended)
		}
	}
	got := map[string]bursar.Decimal{}
	for _, r := range answer.Rows {
		got[r.Start] = got[r.Start].Add(r.Amount)
	}
	for day, cost := range want {
		if !got[day].Equal(cost) {
			return fmt.Errorf("wrong answer: %s cost %s, not %s", day, got[day], cost)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("wrong answer: %d days have cost, not %d", len(got), len(want))
	}
	return nil
}
