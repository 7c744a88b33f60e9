package paste_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/credential/paste"
)

const (
	user   = "AKIAIOSFODNN7EXAMPLE"
	temp   = "ASIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	token  = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMQ=="
)

var ends = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestForms(t *testing.T) {
	for name, c := range map[string]struct {
		text, profile string
		want          paste.Key
	}{
		"shell":      {"export AWS_ACCESS_KEY_ID=" + user + "\nexport AWS_SECRET_ACCESS_KEY=\"" + secret + "\"\nexport AWS_DEFAULT_REGION='eu-west-1'\n", "", key("", user, "", "eu-west-1")},
		"temporary":  {"export AWS_ACCESS_KEY_ID=\"" + temp + "\"\r\nexport AWS_SECRET_ACCESS_KEY=\"" + secret + "\"\r\nexport AWS_SESSION_TOKEN=\"" + token + "\"\r\n", "", key("", temp, token, "")},
		"expiry":     {"AWS_ACCESS_KEY_ID=" + temp + "\nAWS_SECRET_ACCESS_KEY=" + secret + "\nAWS_SESSION_TOKEN=" + token + "\nAWS_CREDENTIAL_EXPIRATION=2026-03-01T13:00:00+01:00", "", until(key("", temp, token, ""))},
		"cmd":        {"SET AWS_ACCESS_KEY_ID=" + user + "\nSET AWS_SECRET_ACCESS_KEY=" + secret, "", key("", user, "", "")},
		"powershell": {"$Env:AWS_ACCESS_KEY_ID=\"" + user + "\"\n$Env:AWS_SECRET_ACCESS_KEY=\"" + secret + "\"", "", key("", user, "", "")},
		"fish":       {"set -gx AWS_ACCESS_KEY_ID " + user + ";\nset -gx AWS_SECRET_ACCESS_KEY \"" + secret + "\";", "", key("", user, "", "")},
		"csh":        {"setenv AWS_ACCESS_KEY_ID " + user + "\nsetenv AWS_SECRET_ACCESS_KEY " + secret, "", key("", user, "", "")},
		"file":       {"# mine\n[default]\naws_access_key_id = " + user + "\naws_secret_access_key = " + secret + "\nregion = us-east-1\n", "", key("default", user, "", "us-east-1")},
		"default":    {"[dev]\naws_access_key_id=X\naws_secret_access_key=Y\n[default]\naws_access_key_id=" + user + "\naws_secret_access_key=" + secret + "\n", "", key("default", user, "", "")},
		"profile":    {"[default]\naws_access_key_id=X\naws_secret_access_key=Y\n[profile billing]\naws_access_key_id=" + temp + "\naws_secret_access_key=" + secret + "\naws_session_token=" + token + "\n", "billing", key("billing", temp, token, "")},
		"no key":     {"[profile sso]\nsso_start_url = https://x\n[a]\naws_access_key_id=" + user + "\naws_secret_access_key=" + secret, "", key("a", user, "", "")},
		"sts":        {`{"Credentials":{"AccessKeyId":"` + temp + `","SecretAccessKey":"` + secret + `","SessionToken":"` + token + `","Expiration":"2026-03-01T12:00:00Z"},"AssumedRoleUser":{"AssumedRoleId":"AROA:s","Arn":"arn"}}`, "", until(key("", temp, token, ""))},
		"process":    {`{"Version":1,"AccessKeyId":"` + temp + `","SecretAccessKey":"` + secret + `","SessionToken":"` + token + `"}`, "", key("", temp, token, "")},
		"iam":        {`{"AccessKey":{"UserName":"u","AccessKeyId":"` + user + `","Status":"Active","SecretAccessKey":"` + secret + `","CreateDate":"2026-01-01T00:00:00Z"}}`, "", key("", user, "", "")},
		"sso":        {`{"roleCredentials":{"accessKeyId":"` + temp + `","secretAccessKey":"` + secret + `","sessionToken":"` + token + `","expiration":1772366400000}}`, "", until(key("", temp, token, ""))},
		"csv":        {"\ufeffAccess key ID,Secret access key\n" + user + "," + secret + "\n", "", key("", user, "", "")},
		"older csv":  {"User name,Password,Access key ID,Secret access key,Console login link\nann,," + user + "," + secret + ",https://x\n", "", key("", user, "", "")},
	} {
		got, err := paste.Read(c.text, c.profile)
		if err != nil || got != c.want {
			t.Errorf("%s: %s %s %v, error %v", name, got.Profile, got.Region, got.ExpiresAt, err)
		}
	}
}

func key(profile, id, sessionToken, region string) paste.Key {
	return paste.Key{Profile: profile, ID: id, Secret: bursar.NewSecret(secret), Token: bursar.NewSecret(sessionToken), Region: region}
}

func until(k paste.Key) paste.Key { k.ExpiresAt = ends; return k }

func TestRefusalsSayWhatToDoAndQuoteNothing(t *testing.T) {
	two := "[a]\naws_access_key_id=" + user + "\naws_secret_access_key=" + secret + "\n[b]\naws_access_key_id=" + user + "\naws_secret_access_key=" + secret + "\n"
	for name, c := range map[string]struct{ text, profile, reason string }{
		"nothing":      {" \n", "", "paste_unreadable"},
		"no key":       {"hello " + secret, "", "paste_unreadable"},
		"half of JSON": {`{"Credentials":{"AccessKeyId":"` + temp + `","SecretAccessKey":"` + secret, "", "paste_unreadable"},
		"two in JSON":  {`[{"AccessKeyId":"a","SecretAccessKey":"` + secret + `"},{"AccessKeyId":"b"}]`, "", "paste_unreadable"},
		"wrong header": {"x-amz-access-token: " + token, "", "paste_unreadable"},
		"two":          {two, "", "profile_missing"},
		"another":      {two, secret, "profile_unknown"},
		"two rows":     {"Access key ID,Secret access key\n" + user + "," + secret + "\n" + user + "," + secret + "\n", "", "paste_unreadable"},
		"long":         {strings.Repeat("x", paste.Most+1), "", "paste_unreadable"},
	} {
		_, err := paste.Read(c.text, c.profile)
		var e *bursar.Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Hint == "" || strings.Contains(e.Error(), secret) || strings.Contains(e.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("export AWS_ACCESS_KEY_ID="+user+"\nexport AWS_SECRET_ACCESS_KEY="+secret, "")
	f.Add("[a]\naws_access_key_id = x\n[b]\n", "a")
	f.Add(`{"Credentials":{"AccessKeyId":"a","SecretAccessKey":"b"}}`, "")
	f.Add("Access key ID,Secret access key\na,b\n", "")
	f.Fuzz(func(t *testing.T, text, profile string) {
		k, err := paste.Read(text, profile)
		if err == nil {
			if k.ID == "" && k.Secret.IsZero() && k.Token.IsZero() {
				t.Error("a key without a part, and no error")
			}
			for _, v := range []string{k.ID, k.Secret.Reveal(), k.Token.Reveal()} {
				if strings.Contains(v, "\n") && text[0] != '{' && text[0] != '[' && !strings.Contains(text, `"`) {
					t.Errorf("a part goes over lines: %q", v)
				}
			}
			return
		}
		var e *bursar.Error
		if !errors.As(err, &e) || bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("it answers %v", err)
		}
	})
}
