package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/forecast"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// CostForecast is what the current month is expected to cost.
type CostForecast struct {
	Period     string             `json:"period" doc:"The month: YYYY-MM."`
	Metric     string             `json:"metric" doc:"How cost was counted."`
	Through    string             `json:"through,omitempty" doc:"The last complete day of the bill, YYYY-MM-DD. Absent where there is none."`
	DaysLeft   int                `json:"days_left" doc:"Days of the month after it."`
	Method     string             `json:"method" doc:"How it is forecast, in words."`
	Currencies []CurrencyForecast `json:"currencies" doc:"One for each currency; none while no bill of this month or the one before has come in."`
	Notes      []query.Note       `json:"notes" doc:"What a reader of the amounts should know."`
}

// CurrencyForecast is the forecast in one currency.
type CurrencyForecast struct {
	Currency    string          `json:"currency" doc:"ISO 4217."`
	ToDate      bursar.Decimal  `json:"to_date" doc:"What is billed of the month so far."`
	Running     bursar.Decimal  `json:"running" doc:"Of it, what goes on from day to day: usage, with its discounts and savings plans."`
	Standing    bursar.Decimal  `json:"standing" doc:"Of it, what does not, and is not forecast: tax, credits, refunds, fees."`
	HistoryDays int             `json:"history_days" doc:"Complete days that the forecast looked at, at most 28."`
	Expected    *bursar.Decimal `json:"expected,omitempty" doc:"What the whole month is expected to cost. Absent where there is too little to say: lacking tells why."`
	Low         *bursar.Decimal `json:"low,omitempty" doc:"If the days left are like the cheapest week of the history."`
	High        *bursar.Decimal `json:"high,omitempty" doc:"If the days left are like the dearest week of the history."`
	Daily       *bursar.Decimal `json:"daily,omitempty" doc:"What goes on, on the average day."`
	Lacking     string          `json:"lacking,omitempty" doc:"Why there is no forecast."`
	LastMonth   bursar.Decimal  `json:"last_month" doc:"The whole month before."`
	SameDays    *SameDays       `json:"same_days,omitempty" doc:"Both months up to the same day. Absent while this month has no complete day."`
}

// SameDays compares like with like.
type SameDays struct {
	Days        int            `json:"days" doc:"How many days of this month are complete."`
	Through     string         `json:"through" doc:"The last of them, YYYY-MM-DD."`
	LastThrough string         `json:"last_through" doc:"The last day of the month before that is counted, YYYY-MM-DD."`
	This        bursar.Decimal `json:"this" doc:"This month's first days."`
	Last        bursar.Decimal `json:"last" doc:"The same days of the month before."`
}

type forecastInput struct {
	Filter []string `query:"filter,explode" doc:"DIMENSION OPERATOR VALUE, as of costs. Repeated, all must hold."`
	Metric string   `query:"metric" doc:"How to count cost; unblended by default. Usage is not forecast."`
}

type forecastOutput struct{ Body CostForecast }

func (a *API) forecastCosts(ctx context.Context, p auth.Principal, in *forecastInput) (*forecastOutput, error) {
	f, err := forecast.Make(ctx, a.Costs, p.WorkspaceID, in.Metric, in.Filter, a.Now())
	if err != nil {
		return nil, err
	}
	out := CostForecast{
		Period: f.Period.String(), Metric: f.Metric.Name, Through: dayText(f.Through), DaysLeft: f.DaysLeft, Method: forecast.Method,
		Currencies: []CurrencyForecast{}, Notes: f.Notes,
	}
	if out.Notes == nil {
		out.Notes = []query.Note{}
	}
	for _, c := range f.Currencies {
		out.Currencies = append(out.Currencies, showForecast(c))
	}
	return &forecastOutput{out}, nil
}

func showForecast(c forecast.Currency) CurrencyForecast {
	out := CurrencyForecast{
		Currency: c.Currency, ToDate: c.ToDate, Running: c.Running, Standing: c.Standing, HistoryDays: c.Days, Lacking: c.Lacking(), LastMonth: c.LastMonth,
	}
	if e := c.Expected; e != nil {
		out.Expected, out.Low, out.High, out.Daily = &e.Amount, &e.Low, &e.High, &e.Daily
	}
	if s := c.SameDays; s != nil {
		out.SameDays = &SameDays{s.Days, dayText(s.Through), dayText(s.LastThrough), s.This, s.Last}
	}
	return out
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
