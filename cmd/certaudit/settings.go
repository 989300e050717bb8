package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
)

// settings are certaudit.yaml: the flags by their names, with underscores, and
// what the organisation says about its reports. Flags win over the file. doc
// explains a key that is not the flag of that name.
type settings struct {
	Policy          []string          `yaml:"policy"`
	Targets         []string          `yaml:"targets" doc:"what is in scope, each as on a line of a target list"`
	Exclude         map[string]string `yaml:"exclude" doc:"glob: reason; files left out of scope"`
	Anchors         []string          `yaml:"anchors" doc:"globs of paths: certificates under them are trust anchors"`
	Out             string            `yaml:"out"`
	Format          []string          `yaml:"format"`
	FailOn          string            `yaml:"fail_on"`
	AllowIncomplete []string          `yaml:"allow_incomplete"`
	Jobs            int               `yaml:"jobs"`
	PerHost         *int              `yaml:"per_host"` // 0 is any number
	Rate            float64           `yaml:"rate"`     // connections a second
	Timeout         string            `yaml:"timeout"`
	Offline         bool              `yaml:"offline"`
	Roots           []string          `yaml:"roots"`
	Intermediates   []string          `yaml:"intermediates"`
	Vantage         string            `yaml:"vantage"`
	Depth           string            `yaml:"depth"`
	Ports           string            `yaml:"ports"`
	AllAddresses    bool              `yaml:"all_addresses"`
	SNI             string            `yaml:"sni"`
	NoSNI           bool              `yaml:"no_sni"`
	Samples         *int              `yaml:"samples"`
	Proxy           string            `yaml:"proxy"`
	ProxyEnv        string            `yaml:"proxy_env"`
	Resolver        string            `yaml:"resolver"`
	Passwords       []passwordFor     `yaml:"passwords" doc:"the variable env holds the password of the keystores under the glob path"`

	ClientCertificates []clientCertificateFor `yaml:"client_certificates" doc:"cert, and key where the file of cert has none, to present to endpoints of the glob host (host:port); the first that fits counts"`

	Revocation        bool              `yaml:"revocation"`
	CRLDir            string            `yaml:"crl_dir"`
	AllowPrivateFetch bool              `yaml:"allow_private_fetch"`
	NoPrivateKeys     bool              `yaml:"no_private_keys"`
	Limits            map[string]string `yaml:"limits" doc:"bounds on one file, by the names of --limit"`
	Templates         string            `yaml:"templates"`
	Document          document          `yaml:"document" doc:"cover and page headers; retain_until is a date, the rest text"`
}

type document struct {
	Title          string `yaml:"title"`
	Organisation   string `yaml:"organisation"`
	Classification string `yaml:"classification"`
	Status         string `yaml:"status"`
	Period         string `yaml:"period"`
	Reference      string `yaml:"reference"`
	Supersedes     string `yaml:"supersedes"`
	PreparedBy     string `yaml:"prepared_by"`
	ReviewedBy     string `yaml:"reviewed_by"`
	RetainUntil    string `yaml:"retain_until"`
}

func (d document) report() report.Document {
	r := report.Document(d)
	r.Title = cmp.Or(r.Title, "Certificate and TLS audit")
	return r
}

const (
	settingsName = "certaudit.yaml"
	maxSettings  = 1 << 20
)

// loadSettings reads the file that --config names, or certaudit.yaml in the
// working directory when it is there.
func loadSettings(name string) (settings, error) {
	var s settings
	explicit := name != ""
	text, err := readBounded(cmp.Or(name, settingsName), maxSettings)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("configuration: %w", err)
	}
	name = cmp.Or(name, settingsName)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("configuration %s", explainYAML(name, err))
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("configuration %s: more than one document", name)
	}
	if s.Document.RetainUntil != "" {
		if _, err := time.Parse(time.DateOnly, s.Document.RetainUntil); err != nil {
			return s, fmt.Errorf("configuration %s: document.retain_until %q is not a date like 2032-12-31", name, s.Document.RetainUntil)
		}
	}
	return s, nil
}

func readBounded(name string, most int64) ([]byte, error) {
	in, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s: larger than %d bytes", name, most)
	}
	return text, err
}

var unknownField = regexp.MustCompile(`^line (\d+): field (\S+) not found in type main\.(\w+)$`)

// explainYAML gives each fault its file and line, and for a misspelt key the
// nearest valid one.
func explainYAML(name string, err error) error {
	var faults *yaml.TypeError
	if !errors.As(err, &faults) {
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var all []error
	for _, f := range faults.Errors {
		if m := unknownField.FindStringSubmatch(f); m != nil {
			var known []string
			switch m[3] {
			case "settings":
				known = yamlKeys(reflect.TypeFor[settings]())
			case "passwordFor":
				known = yamlKeys(reflect.TypeFor[passwordFor]())
			case "clientCertificateFor":
				known = yamlKeys(reflect.TypeFor[clientCertificateFor]())
			case "document":
				known = yamlKeys(reflect.TypeFor[document]())
			}
			all = append(all, fmt.Errorf("%s:%s: unknown key %q%s", name, m[1], m[2], policies.DidYouMean(m[2], known)))
			continue
		}
		line, text, _ := strings.Cut(strings.TrimPrefix(f, "line "), ": ")
		all = append(all, fmt.Errorf("%s:%s: %s", name, line, text))
	}
	return errors.Join(all...)
}

func yamlKeys(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		keys = append(keys, t.Field(i).Tag.Get("yaml"))
	}
	return keys
}

// take copies a setting to where a flag would put it, unless the flag was given.
func take[T any](flags *pflag.FlagSet, flag string, into *T, value T, given bool) {
	if given && !flags.Changed(flag) {
		*into = value
	}
}

// takeGiven is take for a setting whose zero is a value.
func takeGiven[T any](flags *pflag.FlagSet, flag string, into *T, value *T) {
	if value != nil {
		take(flags, flag, into, *value, true)
	}
}

// parseExcludes reads GLOB=REASON; a reason is what makes an exclusion
// acceptable to an auditor.
func parseExcludes(flags []string, fromFile map[string]string) ([]scan.Exclude, error) {
	var all []scan.Exclude
	for _, f := range flags {
		glob, reason, ok := cutReason(f)
		if !ok {
			return nil, fmt.Errorf("--exclude %q: give a reason: --exclude 'GLOB=REASON'", f)
		}
		all = append(all, scan.Exclude{Glob: glob, Reason: reason})
	}
	globs := []string{}
	for glob := range fromFile {
		globs = append(globs, glob)
	}
	slices.Sort(globs)
	for _, glob := range globs {
		if strings.TrimSpace(fromFile[glob]) == "" {
			return nil, fmt.Errorf("configuration: exclude %q: give a reason", glob)
		}
		all = append(all, scan.Exclude{Glob: glob, Reason: fromFile[glob]})
	}
	for _, e := range all {
		if err := scan.CheckGlob(e.Glob); err != nil {
			return nil, fmt.Errorf("exclude %q: %w", e.Glob, err)
		}
	}
	return all, nil
}

func cutReason(s string) (glob, reason string, ok bool) {
	glob, reason, ok = strings.Cut(s, "=")
	reason = strings.TrimSpace(reason)
	return glob, reason, ok && glob != "" && reason != ""
}

// parseAsOf reads an instant, or a date, which means its last second in UTC.
func parseAsOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Truncate(time.Second), nil
	}
	if d, err := time.Parse(time.DateOnly, s); err == nil {
		return d.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	return time.Time{}, fmt.Errorf("--as-of %q: neither an RFC 3339 instant (2026-11-30T12:00:00Z) nor a date (2026-11-30)", s)
}
