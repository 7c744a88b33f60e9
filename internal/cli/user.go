package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/spf13/cobra"
)

func userCommand(s *serverFlags) *cobra.Command {
	return group("user", "Invite people, change their roles, remove them", userList(s), userInvite(s), userInvitations(s), userRole(s), userRemove(s))
}

var userHeader = []string{"EMAIL", "NAME", "ROLE", "SINCE", "LAST SEEN", "ID"}

func userRow(u client.User) []string {
	return []string{u.Email, u.Name, u.Role, day(u.Since, ""), day(u.LastSeenAt, "never"), u.ID}
}

func userList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List who is in the workspace", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			users, err := api.Users(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(users))
			for _, u := range users {
				rows = append(rows, userRow(u))
			}
			return o.print(c.OutOrStdout(), users, userHeader, rows)
		},
	}
	o.flags(c)
	return c
}

const rolesHelp = "owner, administrator, member, viewer or auditor: no more than you may yourself"

func userInvite(s *serverFlags) *cobra.Command {
	var o output
	var role string
	c := &cobra.Command{
		Use: "invite EMAIL", Short: "Invite a person: make a link to hand to them", Args: exactly("an e-mail address"),
		Long:    "Invite a person. bursar sends no mail: hand them the link that is printed, which works once. An older link for the same address ceases to work.",
		Example: "  bursar user invite ann@example.com --role administrator",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			i, err := api.Invite(c.Context(), args[0], role)
			if err != nil {
				return explain(err)
			}
			if printed, err := o.document(c.OutOrStdout(), i); printed || err != nil {
				return err
			}
			if _, err := fmt.Fprintln(c.OutOrStdout(), i.Link); err != nil {
				return err
			}
			return s.note(c, "\n%s becomes %s with it, until %s. It is shown this once.\n", i.Email, i.Role, day(i.ExpiresAt, ""))
		},
	}
	o.documentFlags(c)
	c.Flags().StringVar(&role, "role", "viewer", rolesHelp)
	return c
}

func userInvitations(s *serverFlags) *cobra.Command {
	var o output
	var withdraw string
	c := &cobra.Command{
		Use: "invitations", Short: "List the open invitations, or withdraw one", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			if withdraw != "" {
				if err := api.WithdrawInvitation(c.Context(), withdraw); err != nil {
					return explain(err)
				}
				return s.note(c, "withdrew %s\n", withdraw)
			}
			open, err := api.Invitations(c.Context())
			if err != nil {
				return explain(err)
			}
			rows := make([][]string, 0, len(open))
			for _, i := range open {
				rows = append(rows, []string{i.ID, i.Email, i.Role, i.CreatedBy, day(i.CreatedAt, ""), day(i.ExpiresAt, "")})
			}
			return o.print(c.OutOrStdout(), open, []string{"ID", "EMAIL", "ROLE", "BY", "CREATED", "EXPIRES"}, rows)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&withdraw, "withdraw", "", "make the link of this invitation invalid: inv_…")
	return c
}

// find returns a person by e-mail address or id.
func find(ctx context.Context, api *client.Client, who string) (client.User, error) {
	if strings.HasPrefix(who, "usr_") {
		return client.User{ID: who, Email: who}, nil
	}
	users, err := api.Users(ctx)
	if err != nil {
		return client.User{}, explain(err)
	}
	for _, u := range users {
		if strings.EqualFold(u.Email, who) {
			return u, nil
		}
	}
	return client.User{}, bursar.Errorf(bursar.NotFound, "nobody in this workspace has the address %q", who).WithHint("\"bursar user list\" lists who is in it")
}

func userRole(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "role EMAIL ROLE", Short: "Give a person another role, with their next request", Args: exactly("an e-mail address", "a role"),
		Example: "  bursar user role ann@example.com auditor",
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			who, err := find(c.Context(), api, args[0])
			if err != nil {
				return err
			}
			u, err := api.SetRole(c.Context(), who.ID, args[1])
			if err != nil {
				return explain(err)
			}
			if kind, err := o.kind(); err != nil || kind != "table" {
				return cmp.Or(err, o.print(c.OutOrStdout(), u, userHeader, [][]string{userRow(*u)}))
			}
			return s.note(c, "%s is %s now\n", u.Email, u.Role)
		},
	}
	o.flags(c)
	return c
}

func userRemove(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "remove EMAIL", Short: "Take a person out of the workspace, at once", Args: exactly("an e-mail address"),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			who, err := find(c.Context(), api, args[0])
			if err != nil {
				return err
			}
			if err := api.RemoveUser(c.Context(), who.ID); err != nil {
				return explain(err)
			}
			return s.note(c, "%s is out\n", who.Email)
		},
	}
}
