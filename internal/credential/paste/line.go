package paste

import (
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// names maps what the parts of a key are called, in lower case and without what separates words, to what they are.
var names = map[string]func(*Key, string){
	"accesskeyid": setID, "awsaccesskeyid": setID, "awsaccesskey": setID,
	"secretaccesskey": setSecret, "awssecretaccesskey": setSecret, "awssecretkey": setSecret,
	"sessiontoken": setToken, "awssessiontoken": setToken, "awssecuritytoken": setToken, "securitytoken": setToken, "xamzsecuritytoken": setToken,
	"region": setRegion, "awsregion": setRegion, "awsdefaultregion": setRegion,
	"expiration": setExpiry, "awscredentialexpiration": setExpiry, "awsexpiration": setExpiry, "awssessionexpiration": setExpiry, "xsecuritytokenexpires": setExpiry,
}

func setID(k *Key, v string)     { k.ID = v }
func setSecret(k *Key, v string) { k.Secret = bursar.NewSecret(v) }
func setToken(k *Key, v string)  { k.Token = bursar.NewSecret(v) }
func setRegion(k *Key, v string) { k.Region = v }

// setExpiry reads when a token ends: RFC 3339, or milliseconds since 1970. What is neither is left out: nobody is refused for it.
func setExpiry(k *Key, v string) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, v); err == nil {
			k.ExpiresAt = t.UTC()
			return
		}
	}
	if ms, err := strconv.ParseInt(v, 10, 64); err == nil && ms > 1e12 && ms < 1e14 {
		k.ExpiresAt = time.UnixMilli(ms).UTC()
	}
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

func (k *Key) set(name, value string) {
	if f := names[separators.Replace(strings.ToLower(name))]; f != nil && value != "" {
		f(k, value)
	}
}

var (
	// assignment is a line of a shell (sh, fish and csh; Windows' set and PowerShell), of a credentials file, or of an .env file.
	assignment = regexp.MustCompile(`(?i)^\s*(?:export\s+|set\s+(?:-gx\s+|-x\s+)?|setenv\s+|env\s+)?\$?(?:env:)?"?([a-z][a-z0-9_-]*)"?(\s*[=:]\s*|\s+)(.*?)\s*;?\s*$`)
	section    = regexp.MustCompile(`^\s*\[\s*(?:profile\s+)?([^\]]*?)\s*\]\s*$`)
	csvHeader  = regexp.MustCompile(`(?i)^"?(user name|access key id)"?\s*,`)
)

// readLines reads a shell's lines or a credentials file: one key for each section, and one for what stands before the first.
func readLines(text string) []Key {
	found := []Key{{}}
	for _, line := range strings.Split(text, "\n") {
		if m := section.FindStringSubmatch(line); m != nil {
			found = append(found, Key{Profile: m[1]})
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") || strings.HasPrefix(strings.TrimSpace(line), ";") {
			continue
		}
		if m := assignment.FindStringSubmatch(line); m != nil {
			found[len(found)-1].set(m[1], unquoted(m[3]))
		}
	}
	return found
}

// unquoted takes off the quotes around a value.
func unquoted(v string) string {
	for _, q := range []string{`"`, `'`} {
		if len(v) >= 2 && strings.HasPrefix(v, q) && strings.HasSuffix(v, q) {
			return v[1 : len(v)-1]
		}
	}
	return v
}

// readCSV reads what the IAM console offers as a download when a key is made.
func readCSV(text string) (Key, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) != 2 {
		return Key{}, refuse("the CSV does not have one key").WithHint("paste the header and one line")
	}
	k := Key{}
	for i, name := range rows[0] {
		if i < len(rows[1]) {
			k.set(strings.TrimSpace(name), strings.TrimSpace(rows[1][i]))
		}
	}
	return choose([]Key{k}, "")
}
