package cloudcraft

import (
	"encoding/json"
	"net/http"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// roleParameters are what a role needs so that bursar can assume it.
type roleParameters struct {
	AccountID  string `json:"accountId"`
	ExternalID string `json:"externalId"`
	ConsoleURL string `json:"awsConsoleUrl"`
}

// roleParameters gives the external id of the key's owner, one for all the accounts that they add. It is made when it is asked for first.
func (f *Face) roleParameters(c *call) (answer, error) {
	config := f.Config()
	if config.PrincipalAccountID == "" {
		return answer{}, bursar.Errorf(bursar.Unavailable, "bursar has no AWS identity, so there is nobody whom a role could trust").WithHint("Its operator has to give it one")
	}
	id, err := f.externalID(c)
	return answer{http.StatusOK, roleParameters{config.PrincipalAccountID, id, config.CreateRoleLink(id)}}, err
}

func (f *Face) externalID(c *call) (id string, err error) {
	err = f.Store.View(c.ctx, func(tx *store.Tx) (err error) {
		id, err = tx.OwnerExternalID(c.who.WorkspaceID, c.who.KeyOwner)
		return err
	})
	if bursar.CodeOf(err) != bursar.NotFound {
		return id, err
	}
	err = f.Store.InTx(c.ctx, func(tx *store.Tx) (err error) {
		id, err = tx.IssueOwnerExternalID(c.who.WorkspaceID, c.who.KeyOwner, newID())
		return err
	})
	return id, err
}

// policy serves a policy to whoever asks: it holds no secret, and guides link to it.
func (f *Face) policy(write func(bursar.Partition) (string, error)) func(*call) (answer, error) {
	return func(*call) (answer, error) {
		partition, err := bursar.ParsePrincipalPartition(f.Config().PrincipalARN)
		if err != nil { // bursar has no identity yet
			partition = bursar.PartitionAWS
		}
		text, err := write(partition)
		return answer{http.StatusOK, json.RawMessage(text)}, err
	}
}
