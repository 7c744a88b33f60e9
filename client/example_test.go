package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/bursarhq/bursar/client"
)

// pretend stands for a server, so that the examples run where there is none.
func pretend(answers map[string]string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusPreconditionFailed)
			said = `{"title":"Precondition Failed","status":412,"detail":"somebody has changed it since you read it","code":"changed","reason":"changed_meanwhile","hint":"read it again"}`
		}
		_, _ = io.WriteString(w, said)
	}))
}

// Register an account and see what is left to do in AWS.
func ExampleClient_AddAccount() {
	server := pretend(map[string]string{
		"POST /api/v1/accounts": `{"id":"acc_1","account_id":"123456789012","name":"Main payer","setup":{"steps":[{"id":"access","title":"Let bursar read this account","state":"next"}]}}`,
	})
	defer server.Close()
	c, err := client.New(server.URL, client.WithToken(os.Getenv("BURSAR_TOKEN")))
	if err != nil {
		log.Fatal(err)
	}
	a, err := c.AddAccount(context.Background(), client.NewAccount{AccountID: "123456789012", Name: "Main payer"})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range a.Setup.Steps {
		fmt.Println(step.State+":", step.Title)
	}
	// Output: next: Let bursar read this account
}

// Ask what each service cost in a year, month by month. Amounts are exact.
func ExampleClient_Costs() {
	server := pretend(map[string]string{
		"GET /api/v1/costs": `{"rows":[{"start":"2026-01-01","groups":{"service":"AmazonEC2"},"amount":"4064.4831315379","currency":"USD"}],"totals":[]}`,
	})
	defer server.Close()
	c, err := client.New(server.URL, client.WithToken(os.Getenv("BURSAR_TOKEN")))
	if err != nil {
		log.Fatal(err)
	}
	costs, err := c.Costs(context.Background(), client.Question{GroupBy: []string{"service"}, Granularity: "monthly", From: "2026-01", To: "2027-01"})
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range costs.Rows {
		fmt.Println(row.Start, row.Groups["service"], row.Amount, row.Currency)
	}
	// Output: 2026-01-01 AmazonEC2 4064.4831315379 USD
}

// Change an account only if nobody else has since it was read.
func ExampleIfVersion() {
	server := pretend(map[string]string{"GET /api/v1/accounts/123456789012": `{"id":"acc_1","account_id":"123456789012","version":3}`})
	defer server.Close()
	c, err := client.New(server.URL, client.WithToken(os.Getenv("BURSAR_TOKEN")))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	a, err := c.Account(ctx, "123456789012")
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.RenameAccount(client.IfVersion(ctx, a.Version), a.ID, "Payer")
	var refused *client.Error
	if errors.As(err, &refused) && refused.Reason == "changed_meanwhile" {
		fmt.Println(refused)
	}
	// Output: somebody has changed it since you read it
}

// Make the same call again after the program itself was ended, and have it done once.
func ExampleWithIdempotencyKey() {
	server := pretend(map[string]string{"POST /api/v1/accounts/123456789012/check": `{"id":"run_1","state":"queued"}`})
	defer server.Close()
	c, err := client.New(server.URL, client.WithToken(os.Getenv("BURSAR_TOKEN")))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.CheckAccount(client.WithIdempotencyKey(context.Background(), "nightly-2026-01-31"), "123456789012")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.ID, run.State)
	// Output: run_1 queued
}
