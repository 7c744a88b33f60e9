package console

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

const cookie = "sandbox_account"

var regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)

func region(r *http.Request) string {
	if s := r.FormValue("region"); regionPattern.MatchString(s) {
		return s
	}
	return "us-east-1"
}

// signedIn is the account that the browser has chosen, or the first one.
func (k *Console) signedIn(r *http.Request) cloud.Account {
	if c, err := r.Cookie(cookie); err == nil {
		if a, ok := k.cloud.Account(c.Value); ok {
			return a
		}
	}
	all := k.cloud.Accounts()
	if len(all) == 0 {
		return cloud.Account{}
	}
	return all[0]
}

// signIn changes the account and goes back to where the browser was.
func (k *Console) signIn(w http.ResponseWriter, r *http.Request) {
	a, ok := k.cloud.Account(r.PostFormValue("account"))
	if !ok {
		http.Error(w, "there is no such account in the sandbox", http.StatusBadRequest)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: a.ID, Path: "/console", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	back := r.PostFormValue("back")
	if !strings.HasPrefix(back, "/console") || strings.ContainsAny(back, "\\\r\n") {
		back = "/console/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
