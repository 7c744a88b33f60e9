package destination

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
)

// Kind is a kind of destination. Each is one line in the app's list.
type Kind struct {
	Name     bursar.DestinationKind
	Settings []string // the names, in JSON, of the settings that it has
	Secret   Secrecy
	// Defaults fills what may be left out; nil where nothing may. Validate says what is wrong with settings that have them.
	Defaults func(bursar.TargetSettings) bursar.TargetSettings
	Validate func(bursar.TargetSettings) error
	// Open makes a target of a destination. secret is what is kept for it, sealed.
	Open func(ctx context.Context, d bursar.Destination, secret bursar.Secret, o Origin) (Target, error)
}

// Secrecy says whether a kind has a secret.
type Secrecy string

// What there is to say about a secret.
const (
	NoSecret    Secrecy = ""
	MayHaveOne  Secrecy = "password" // none where the server wants none
	MakesItself Secrecy = "signing"  // bursar makes one where none is given
)

// Settle fills the defaults of settings and says what is wrong with them: a setting of another kind, too.
func (k Kind) Settle(s bursar.TargetSettings) (bursar.TargetSettings, error) {
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if !v.Field(i).IsZero() && !slices.Contains(k.Settings, name) {
			return s, bursar.InvalidField("target."+name, "a destination of kind %s has no %s", k.Name, name).WithReason("setting_of_another_kind").
				WithHint("it has %s", strings.Join(k.Settings, ", "))
		}
	}
	if k.Defaults != nil {
		s = k.Defaults(s)
	}
	return s, k.Validate(s)
}

// DefaultFormat fills the format of files.
func DefaultFormat(s bursar.TargetSettings) bursar.TargetSettings {
	if s.Format == "" {
		s.Format = Parquet
	}
	return s
}

// ValidFormat says what is wrong with the format of files.
func ValidFormat(format string) error {
	if slices.Contains(Formats, format) {
		return nil
	}
	return bursar.InvalidField("target.format", "there is no format %q", format).WithReason("unknown_format").WithHint("use one of %s", strings.Join(Formats, ", "))
}
