package app

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth/oidc"
	"github.com/bursarhq/bursar/internal/check"
	"github.com/bursarhq/bursar/internal/seal/awskms"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/seal/transit"
	"github.com/bursarhq/bursar/internal/tracing"
	"gopkg.in/yaml.v3"
)

// Config is what an operator sets. Every field is documented in the table of options; docs/config.md is made from it.
type Config struct {
	DataDir   string
	Addr      string
	PublicURL string

	MetricsAddr string // "" serves no metrics

	OTLPEndpoint string
	Tracing      tracing.Settings // made of OTLPEndpoint and the OTEL_ variables

	TrustedProxies  []netip.Prefix
	SessionIdle     time.Duration
	SessionLifetime time.Duration

	OIDC oidc.Config

	Keyring  string // "" = the file keyring in the data folder
	SealWith string // what new secrets are sealed with: local, awskms, transit
	KMSKey   string
	Transit  transit.Config

	Region          string
	AccessKeyID     string
	SecretAccessKey bursar.Secret
	SessionToken    bursar.Secret
	PrincipalARN    string
	Endpoint        string

	TemplateBaseURL string
	ConsoleBaseURL  string

	DeliveredDir string         // "" is a folder of the data folder
	EgressAllow  []netip.Prefix // that destinations may be in, beside public addresses

	CheckEvery   time.Duration
	PollEvery    time.Duration
	KeepVersions int64

	RequestsPerMinute int64

	MemoryLimitMB int64
	Workers       int64
	SQLTimeout    time.Duration
	SQLMemoryMB   int64

	LogLevel  string
	LogFormat string

	// For the demo and the tests, not for operators.
	Propagation Propagation
	Now         func() time.Time // nil is the clock
}

// Propagation says how long checks wait for IAM. The zero value means AWS's own pace.
type Propagation struct {
	Window  time.Duration // give up after this long; 0 is 120 s
	Between time.Duration // between the two successes; 0 is 5 s
}

// pace is how patiently a role is assumed: known says that its access has worked before.
func (p Propagation) pace(known bool) check.Schedule {
	s := check.Patient()
	if known {
		s = check.Settled()
	}
	if p.Window > 0 {
		s.Limit = p.Window
	}
	if p.Between > 0 {
		s.Apart = p.Between
	}
	return s
}

// option is one row of the table: where a setting comes from, and what it means.
type option struct {
	key    string // in the file; the environment variable is BURSAR_ and the key in upper case
	def    string
	secret bool // has a _FILE twin, and is never shown
	doc    string
	set    func(*Config, string) error
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = v; return nil }
}

func secret(field func(*Config) *bursar.Secret) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = bursar.NewSecret(v); return nil }
}

func span(field func(*Config) *time.Duration, least time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < least {
			return fmt.Errorf("%q is not a duration of at least %s; write it like 6h or 90s", v, least)
		}
		*field(c) = d
		return nil
	}
}

func within(field func(*Config) *time.Duration, least, most time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		if err := span(field, least)(c, v); err != nil {
			return err
		}
		if *field(c) > most {
			return fmt.Errorf("%q is more than %s", v, most)
		}
		return nil
	}
}

func whole(field func(*Config) *int64, least int64) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < least {
			return fmt.Errorf("%q is not a whole number of at least %d", v, least)
		}
		*field(c) = n
		return nil
	}
}

func oneOf(field func(*Config) *string, words ...string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if !slices.Contains(words, v) {
			return fmt.Errorf("%q is none of %s", v, strings.Join(words, ", "))
		}
		*field(c) = v
		return nil
	}
}

func httpURL(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		u, err := url.Parse(v)
		if v != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil) {
			return fmt.Errorf("%q is not an http or https URL", v)
		}
		*field(c) = strings.TrimSuffix(v, "/")
		return nil
	}
}

// pattern takes what matches; like says how it looks.
func pattern(field func(*Config) *string, form *regexp.Regexp, like string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if !form.MatchString(v) {
			return fmt.Errorf("%q does not look like %s", v, like)
		}
		*field(c) = v
		return nil
	}
}

var (
	regionForm    = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	principalForm = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::[0-9]{12}:(role|user)/[!-~]+$`)
)

func networks(field func(*Config) *[]netip.Prefix) func(*Config, string) error {
	return func(c *Config, v string) error {
		for _, part := range strings.Split(v, ",") {
			p, err := netip.ParsePrefix(strings.TrimSpace(part))
			if err != nil {
				return fmt.Errorf("%q is no network; write it like 10.0.0.0/8", strings.TrimSpace(part))
			}
			*field(c) = append(*field(c), p)
		}
		return nil
	}
}

func listenAddr(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if _, _, err := net.SplitHostPort(v); err != nil {
			return fmt.Errorf("%q is not an address to listen on; write host:port, for example 127.0.0.1:8440", v)
		}
		*field(c) = v
		return nil
	}
}

var options = []option{
	{key: "data_dir", def: "bursar-data", doc: "Folder that holds everything bursar keeps: the state database and the lake. Created when absent, with access for its owner only.", set: text(func(c *Config) *string { return &c.DataDir })},
	{key: "keyring", doc: "File with the keys that stored credentials are sealed with. Empty is the file keyring in the data folder, which the first start makes, with access for its owner only. Without it nobody can read stored credentials, bursar neither: it is in encrypted backups, and in no others.", set: text(func(c *Config) *string { return &c.Keyring })},
	{key: "seal_with", def: "local", doc: "What stored credentials are sealed with: local (the keyring), awskms (kms_key) or transit (transit_addr). What another one has sealed still opens as long as its settings stay; \"bursar keys rotate\" moves it.", set: oneOf(func(c *Config) *string { return &c.SealWith }, local.Kind, awskms.Kind, transit.Kind)},
	{key: "kms_key", doc: "ARN of a symmetric KMS key, or of an alias, that bursar's own identity may use (kms:Encrypt, kms:Decrypt).", set: text(func(c *Config) *string { return &c.KMSKey })},
	{key: "transit_addr", doc: "Address of a Vault or OpenBao with a Transit secrets engine: https://vault.example.com:8200.", set: httpURL(func(c *Config) *string { return &c.Transit.Addr })},
	{key: "transit_mount", def: "transit", doc: "Where the Transit engine is mounted.", set: text(func(c *Config) *string { return &c.Transit.Mount })},
	{key: "transit_key", def: "bursar", doc: "Name of the Transit key. Its type must know associated data: aes256-gcm96, the default there.", set: text(func(c *Config) *string { return &c.Transit.Key })},
	{key: "transit_namespace", doc: "Namespace, where Vault has those.", set: text(func(c *Config) *string { return &c.Transit.Namespace })},
	{key: "transit_token", secret: true, doc: "Token that may update encrypt and decrypt of that key. Best a periodic one: bursar renews it.", set: secret(func(c *Config) *bursar.Secret { return &c.Transit.Token })},
	{key: "addr", def: "127.0.0.1:8440", doc: "Address to listen on. bursar speaks plain HTTP: put a TLS-terminating proxy in front before you listen on anything but loopback.", set: listenAddr(func(c *Config) *string { return &c.Addr })},
	{key: "public_url", doc: "Address under which people reach bursar, when it is not the listening one.", set: httpURL(func(c *Config) *string { return &c.PublicURL })},
	{key: "metrics_addr", doc: "Address at which Prometheus reads /metrics, for example 127.0.0.1:9440. Empty for none. Nobody has to sign in there: listen on loopback, or where only Prometheus gets to. The metrics hold no secrets and no account ids.", set: listenAddr(func(c *Config) *string { return &c.MetricsAddr })},
	{key: "otlp_endpoint", doc: "OpenTelemetry collector that traces are sent to, by OTLP over HTTP: http://127.0.0.1:4318, for example. Empty for what OTEL_EXPORTER_OTLP_ENDPOINT says, and none without that. The other standard OTEL_ variables are honoured, see operations.md.", set: httpURL(func(c *Config) *string { return &c.OTLPEndpoint })},
	{key: "trusted_proxies", doc: "Proxies in front of bursar, as networks with commas between them: 10.0.0.0/8, 192.0.2.7/32. Their X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are.", set: networks(func(c *Config) *[]netip.Prefix { return &c.TrustedProxies })},
	{key: "session_idle", def: "12h", doc: "How long a person who has signed in may do nothing before they must sign in again.", set: span(func(c *Config) *time.Duration { return &c.SessionIdle }, time.Minute)},
	{key: "session_lifetime", def: "168h", doc: "How long a person stays signed in at the most.", set: span(func(c *Config) *time.Duration { return &c.SessionLifetime }, time.Minute)},
	{key: "oidc_issuer", doc: "Identity provider (OpenID Connect) at which people can sign in: its issuer, exactly as it spells it. Register bursar there with the redirect address of public_url and /api/v1/session/oidc/callback.", set: httpURLAsIs(func(c *Config) *string { return &c.OIDC.Issuer })},
	{key: "oidc_client_id", doc: "What the identity provider calls bursar.", set: text(func(c *Config) *string { return &c.OIDC.ClientID })},
	{key: "oidc_client_secret", secret: true, doc: "bursar's secret at the identity provider. Leave it empty for a public client.", set: secret(func(c *Config) *bursar.Secret { return &c.OIDC.ClientSecret })},
	{key: "oidc_name", def: "Single sign-on", doc: "What people call the identity provider.", set: text(func(c *Config) *string { return &c.OIDC.Name })},
	{key: "oidc_groups_claim", def: "groups", doc: "Claim of the ID token that lists a person's groups.", set: text(func(c *Config) *string { return &c.OIDC.GroupsClaim })},
	{key: "oidc_roles", doc: "Which role in the first workspace each group gives, with semicolons between them: finops=administrator; everybody=viewer. The mightiest counts; whoever has none, and was not invited, is let in nowhere.", set: groupRoles},
	{key: "aws_region", def: "us-east-1", doc: "Region of bursar's own AWS calls.", set: pattern(func(c *Config) *string { return &c.Region }, regionForm, "us-east-1")},
	{key: "aws_access_key_id", doc: "Access key of bursar's own identity. Leave empty to use the ambient one: instance role, container role, environment or profile.", set: text(func(c *Config) *string { return &c.AccessKeyID })},
	{key: "aws_secret_access_key", secret: true, doc: "Secret of that access key.", set: secret(func(c *Config) *bursar.Secret { return &c.SecretAccessKey })},
	{key: "aws_session_token", secret: true, doc: "Session token, when the access key is a temporary one.", set: secret(func(c *Config) *bursar.Secret { return &c.SessionToken })},
	{key: "aws_principal_arn", doc: "Exact ARN of bursar's own role or user, path included. Needed when bursar runs as a role with a path: AWS does not tell a session its role's path, and customers' trust policies name the full ARN.", set: pattern(func(c *Config) *string { return &c.PrincipalARN }, principalForm, "arn:aws:iam::123456789012:role/path/name")},
	{key: "aws_endpoint", doc: "One endpoint for every AWS service, for a simulated AWS. Never set it in production: every request, signed with your credentials, goes there.", set: httpURL(func(c *Config) *string { return &c.Endpoint })},
	{key: "templates_base_url", doc: "Where the published CloudFormation templates lie: an S3 https URL that customers can read. Without it, set-up offers the template as a download and the CLI command, instead of a link.", set: httpURL(func(c *Config) *string { return &c.TemplateBaseURL })},
	{key: "aws_console_url", doc: "Base of the AWS console's addresses, for a simulated AWS. Empty for the real ones.", set: httpURL(func(c *Config) *string { return &c.ConsoleBaseURL })},
	{key: "delivered_dir", doc: "Folder that destinations of kind file deliver to, each workspace in a folder of its own. Empty is the folder delivered in the data folder.", set: text(func(c *Config) *string { return &c.DeliveredDir })},
	{key: "egress_allow", doc: "Networks that destinations may be in although they are not public, with commas between them: 10.0.0.0/8, 127.0.0.1/32. Everything else of this machine and of private networks, the metadata service of a cloud included, is refused at the moment of each connection.", set: networks(func(c *Config) *[]netip.Prefix { return &c.EgressAllow })},
	{key: "check_every", def: "6h", doc: "How often each account's access is checked again, with jitter.", set: span(func(c *Config) *time.Duration { return &c.CheckEvery }, time.Minute)},
	{key: "poll_every", def: "1h", doc: "How often exports are asked for new deliveries. An unchanged export costs one request for each open period.", set: span(func(c *Config) *time.Duration { return &c.PollEvery }, time.Second)},
	{key: "keep_versions", def: "3", doc: "How many superseded deliveries of each billing period are kept, to compare with and to roll back to.", set: whole(func(c *Config) *int64 { return &c.KeepVersions }, 0)},
	{key: "requests_per_minute", def: "120000", doc: "How many requests one API key or person may send to the API under /api/v1 in a minute; 0 is no limit.", set: whole(func(c *Config) *int64 { return &c.RequestsPerMinute }, 0)},
	{key: "memory_limit_mb", def: "256", doc: "Memory that questions over the lake may use, in MiB.", set: whole(func(c *Config) *int64 { return &c.MemoryLimitMB }, 64)},
	{key: "sql_timeout", def: "20s", doc: "How long one statement of `bursar sql` may take; at most 10m.", set: within(func(c *Config) *time.Duration { return &c.SQLTimeout }, time.Second, 10*time.Minute)},
	{key: "sql_memory_mb", def: "256", doc: "Memory that one statement of `bursar sql` may use, in MiB. Two run at once, others wait.", set: whole(func(c *Config) *int64 { return &c.SQLMemoryMB }, 64)},
	{key: "workers", def: "0", doc: "Processor cores that an import may use; 0 is all of them.", set: whole(func(c *Config) *int64 { return &c.Workers }, 0)},
	{key: "log_level", def: "info", doc: "Least level that is logged: debug, info, warn or error.", set: oneOf(func(c *Config) *string { return &c.LogLevel }, "debug", "info", "warn", "error")},
	{key: "log_format", def: "text", doc: "Form of the log on standard error: text or json.", set: oneOf(func(c *Config) *string { return &c.LogFormat }, "text", "json")},
}

func (o option) env() string { return "BURSAR_" + strings.ToUpper(o.key) }

// LoadConfig reads the settings: defaults, then the file (YAML; "" for none), then the environment. An empty value
// is none. A secret may also be given as a file's name in BURSAR_…_FILE. An unknown key, in the file or as a BURSAR_ variable, is an error:
// a setting that is misspelled must not be ignored.
func LoadConfig(file string, environ []string) (Config, error) {
	var c Config
	fromFile, err := readConfigFile(file)
	if err != nil {
		return c, err
	}
	fromEnv, err := readEnviron(environ)
	if err != nil {
		return c, err
	}
	for _, o := range options {
		value, where := o.def, "the default"
		if v, ok := fromFile[o.key]; ok && v != "" {
			value, where = v, file
		}
		if v, ok := fromEnv[o.key]; ok && v != "" {
			value, where = v, o.env()
		}
		if value == "" {
			continue
		}
		if err := o.set(&c, value); err != nil {
			return c, bursar.Errorf(bursar.Invalid, "setting %s (from %s): %w", o.key, where, err)
		}
	}
	if c.Tracing, err = tracing.Read(c.OTLPEndpoint, environ); err != nil {
		return c, err
	}
	return c, c.check()
}

func (c Config) check() error {
	if (c.OIDC.Issuer == "") != (c.OIDC.ClientID == "") {
		return bursar.Errorf(bursar.Invalid, "oidc_issuer and oidc_client_id go together, one of them is missing").WithHint("set both, or neither to let nobody in that way")
	}
	if (c.AccessKeyID == "") != c.SecretAccessKey.IsZero() {
		return bursar.Errorf(bursar.Invalid, "aws_access_key_id and aws_secret_access_key go together, one of them is missing").
			WithHint("set both, or neither to use the ambient identity")
	}
	return nil
}

func find(key string) *option {
	i := slices.IndexFunc(options, func(o option) bool { return o.key == key })
	if i < 0 {
		return nil
	}
	return &options[i]
}

func readConfigFile(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, bursar.Errorf(bursar.Invalid, "the configuration file %s does not exist", file).WithHint("create it, or leave --config out to use the defaults and the environment")
	}
	if err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "the configuration file cannot be read: %w", err).WithHint("check its path and that bursar may read it")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, bursar.Errorf(bursar.Invalid, "%s is not YAML: %w", file, err).WithHint("write one setting a line, as in addr: 127.0.0.1:8440")
	}
	if len(doc.Content) == 0 { // nothing, or comments
		return nil, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, bursar.Errorf(bursar.Invalid, "%s holds no settings", file).WithHint("write one setting a line, as in addr: 127.0.0.1:8440")
	}
	out := map[string]string{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		name, v, err := fileSetting(file, top.Content[i], top.Content[i+1])
		if err != nil {
			return nil, err
		}
		if _, twice := out[name]; twice {
			return nil, bursar.Errorf(bursar.Invalid, "%s line %d: %s is set twice", file, top.Content[i].Line, name).WithHint("remove one of the two")
		}
		out[name] = v
	}
	return out, nil
}

// fileSetting reads one line of the file. It never quotes a value that it does not know: it may be a secret.
func fileSetting(file string, k, v *yaml.Node) (name, value string, err error) {
	where := fmt.Sprintf("%s line %d", file, k.Line)
	name, fileTwin := strings.CutSuffix(k.Value, "_file")
	o := find(name)
	switch {
	case o == nil || fileTwin && !o.secret:
		return "", "", unknownSetting(k.Value, where)
	case v.Kind != yaml.ScalarNode:
		return "", "", bursar.Errorf(bursar.Invalid, "%s: %s is not a plain value", where, k.Value)
	case v.Tag == "!!null":
		return name, "", nil
	case fileTwin:
		value, err = readSecretFile(resolve(file, v.Value))
		return name, value, err
	}
	return name, v.Value, nil
}

// resolve makes a name in a configuration file relative to that file.
func resolve(configFile, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(configFile), name)
}

// clientVariables belong to the command line's client side and are no settings of the server.
var clientVariables = []string{"BURSAR_SERVER", "BURSAR_TOKEN", "BURSAR_TOKEN_FILE", "BURSAR_CONFIG", "BURSAR_PROFILE"}

func readEnviron(environ []string) (map[string]string, error) {
	out := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ours := strings.CutPrefix(name, "BURSAR_")
		if !ours || slices.Contains(clientVariables, name) {
			continue
		}
		key := strings.ToLower(rest)
		if o := find(key); o != nil {
			out[key] = value
			continue
		}
		base, fileTwin := strings.CutSuffix(key, "_file")
		if o := find(base); o == nil || !fileTwin || !o.secret {
			return nil, unknownSetting(name, "the environment")
		}
		v, err := readSecretFile(value)
		if err != nil {
			return nil, err
		}
		out[base] = v
	}
	return out, nil
}

func unknownSetting(name, where string) error {
	var known []string
	for _, o := range options {
		known = append(known, o.key)
	}
	return bursar.Errorf(bursar.Invalid, "unknown setting %s in %s", name, where).WithHint("the settings are %s", strings.Join(known, ", "))
}

func readSecretFile(name string) (string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return "", bursar.Errorf(bursar.Invalid, "a secret's file cannot be read: %w", err).WithHint("check its path and that bursar may read it")
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// ConfigReference writes the settings as Markdown, for docs/config.md.
func ConfigReference() string {
	var b strings.Builder
	b.WriteString("# Settings\n\nEach setting is a key of the YAML file that `bursar serve --config FILE` reads, or an environment variable, which wins. An empty value is\nnone. " +
		"A secret can also be given as a file's name: its variable, or key, with `_FILE` (`_file`) at the end. A setting\nthat is unknown, or has a value that cannot be, keeps bursar from starting.\n\n| key | variable | default | meaning |\n|---|---|---|---|\n")
	for _, o := range options {
		env := "`" + o.env() + "`"
		if o.secret {
			env += ", `" + o.env() + "_FILE`"
		}
		def := cmp.Or(o.def, " ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.key, env, strings.TrimSpace("`"+def+"`"), o.doc)
	}
	return strings.ReplaceAll(b.String(), "` `", "")
}
