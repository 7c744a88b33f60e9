// Package paste reads an access key out of what people copy: lines for a shell, a credentials file, the JSON of AWS's commands, the CSV of
// the IAM console. It looks at nothing but the text, and no error of it quotes any of the text: it may be secret.
package paste

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/permission"
)

// Most is the longest text that is read, in bytes.
const Most = 64 << 10

// Key is what was found. What the text does not have is empty.
type Key struct {
	Profile   string // of a credentials file
	ID        string
	Secret    bursar.Secret
	Token     bursar.Secret
	Region    string
	ExpiresAt time.Time
}

// Read finds the access key in a text. Where a credentials file has more than one, profile chooses, and is else that named default; a
// profile asked for that is not there is an Invalid error. The shape of what is found is not judged: see [bursar.CheckAccessKey].
func Read(text, profile string) (Key, error) {
	if len(text) > Most {
		return Key{}, refuse("the text is too long").WithHint("paste only the lines with the key")
	}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	switch trimmed := strings.TrimSpace(text); {
	case trimmed == "":
		return Key{}, refuse("there is nothing in it").WithHint("%s", forms)
	case len(permission.Misnamed(text)) > 0:
		return Key{}, refuse("it holds a name that AWS does not have").WithHint("%s", strings.Join(permission.Misnamed(text), "; "))
	case trimmed[0] == '{', trimmed[0] == '[' && !section.MatchString(firstLine(trimmed)):
		return readJSON(trimmed)
	case csvHeader.MatchString(trimmed):
		return readCSV(trimmed)
	}
	return choose(readLines(text), profile)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

const forms = "paste lines like \"export AWS_ACCESS_KEY_ID=…\", a section of ~/.aws/credentials, the JSON of \"aws sts assume-role\", or the CSV of the IAM console"

func refuse(format string, args ...any) *bursar.Error {
	return bursar.InvalidField("paste", format, args...).WithReason("paste_unreadable")
}

// choose finds the one that is meant.
func choose(found []Key, profile string) (Key, error) {
	found = slices.DeleteFunc(found, func(k Key) bool { return k.ID == "" && k.Secret.IsZero() && k.Token.IsZero() })
	names := []string{}
	for _, k := range found {
		names = append(names, k.Profile)
		if profile != "" && k.Profile == profile || profile == "" && len(found) == 1 {
			return k, nil
		}
	}
	switch {
	case len(found) == 0:
		return Key{}, refuse("there is no access key in it").WithHint("%s", forms)
	case profile != "":
		return Key{}, bursar.InvalidField("profile", "there is no profile of that name with a key").WithReason("profile_unknown").WithHint("the profiles with keys are %s", list(names))
	}
	if i := slices.Index(names, "default"); i >= 0 {
		return found[i], nil
	}
	return Key{}, bursar.InvalidField("profile", "there are %d profiles with keys", len(found)).WithReason("profile_missing").WithHint("choose one of %s", list(names))
}

// list writes names of profiles: what is none, because somebody has put a secret in its place, is left out.
func list(names []string) string {
	shown := []string{}
	for _, n := range names {
		if len(n) > 0 && len(n) <= 64 && !strings.ContainsAny(n, "+/=") && len(shown) < 20 {
			shown = append(shown, n)
		}
	}
	return strings.Join(shown, ", ")
}

// readJSON finds the key in the answer of an AWS command, at whatever depth: {"Credentials": {…}} of STS, {"AccessKey": {…}} of IAM,
// {"roleCredentials": {…}} of SSO, and the bare object of a credential process.
func readJSON(text string) (Key, error) {
	var doc any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&doc) != nil { // its error could quote the text
		return Key{}, refuse("it begins like JSON and is none").WithHint("paste the whole answer, from the first brace to the last")
	}
	found := search(doc, 0)
	if len(found) != 1 {
		return Key{}, refuse("the JSON holds %d access keys", len(found)).WithHint("%s", forms)
	}
	return found[0], nil
}

const deepest = 8

func search(v any, depth int) (found []Key) {
	if depth > deepest {
		return nil
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			found = append(found, search(x, depth+1)...)
		}
	case map[string]any:
		k := Key{}
		for name, x := range v {
			if s, ok := scalar(x); ok {
				k.set(name, s)
			} else {
				found = append(found, search(x, depth+1)...)
			}
		}
		if k.ID != "" || !k.Secret.IsZero() {
			found = append(found, k)
		}
	}
	return found
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), true
	case json.Number:
		return v.String(), true
	case bool, nil:
		return "", true
	}
	return "", false
}
