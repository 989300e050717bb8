package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
	"certaudit/scan/certfile"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the documentation")

// TestDocumentation holds the generated parts of the README files against the
// code. With -update it writes them.
func TestDocumentation(t *testing.T) {
	for _, part := range []struct {
		file, name string
		text       func() string
	}{
		{"../../README.md", "commands", commandDocs},
		{"../../scan/README.md", "evidence", evidenceDocs},
		{"../../README.md", "settings", settingsDocs},
		{"../../README.md", "containers", containerDocs},
		{"../../README.md", "bounds", boundDocs},
		{"../../scan/README.md", "stages", stageDocs},
		{"../../policies/README.md", "checks", checkDocs},
		{"../../policies/README.md", "packs", packDocs},
		{"../../report/README.md", "fields", reportDocs},
	} {
		begin, end := "<!-- generated: "+part.name+" -->\n", "<!-- end: "+part.name+" -->\n"
		old, err := os.ReadFile(part.file)
		if err != nil {
			t.Error(err)
			continue
		}
		head, rest, ok := strings.Cut(string(old), begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Errorf("%s: no part %q", part.file, part.name)
			continue
		}
		text := head + begin + "\n" + part.text() + "\n" + end + tail
		if *update {
			if err := os.WriteFile(part.file, []byte(text), 0o644); err != nil {
				t.Error(err)
			}
		} else if text != string(old) {
			t.Errorf("%s: the part %q is not what the code says; run go test ./cmd/certaudit -run Documentation -update", part.file, part.name)
		}
	}
}

// cell makes text fit a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}

func commandDocs() string {
	var b strings.Builder
	root := (&app{out: &printer{w: &bytes.Buffer{}}, err: &printer{w: &bytes.Buffer{}}, work: &workshop{}}).rootCommand()
	seen := map[string]string{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() != "help" && c != root && c.Parent().Name() != "completion" {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.TrimPrefix(c.CommandPath(), "certaudit "), cell(c.Short))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	b.WriteString("| command | what it does |\n|---|---|\n")
	walk(root)
	b.WriteString("\n| flag | default | meaning | commands |\n|---|---|---|---|\n")
	var order []string
	lines := map[string]*pflag.Flag{}
	var flags func(c *cobra.Command)
	flags = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" || strings.HasPrefix(c.CommandPath(), "certaudit completion") {
				return
			}
			key := f.Name + "\x00" + f.Usage
			if lines[key] == nil {
				lines[key] = f
				order = append(order, key)
			}
			seen[key] += " " + c.Name()
		})
		for _, sub := range c.Commands() {
			flags(sub)
		}
	}
	flags(root)
	for _, key := range order {
		f := lines[key]
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		def := f.DefValue
		if def == "[]" || def == "" {
			def = ""
		} else {
			def = "`" + strings.Trim(def, "[]") + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, def, cell(f.Usage), strings.ReplaceAll(strings.TrimSpace(seen[key]), " ", ", "))
	}
	return b.String()
}

// settingsDocs lists the keys of certaudit.yaml: those that are the flag of
// their name by the kind of their value, then those that say themselves what
// they are.
func settingsDocs() string {
	audit := (&app{}).auditCommand().Flags()
	var kinds []string
	flags := map[string][]string{} // by kind
	own := "| key | value | meaning |\n|---|---|---|\n"
	for i := range reflect.TypeFor[settings]().NumField() {
		f := reflect.TypeFor[settings]().Field(i)
		key, doc, kind := f.Tag.Get("yaml"), f.Tag.Get("doc"), settingValue(f.Type)
		switch {
		case doc != "":
			own += fmt.Sprintf("| `%s` | %s | %s |\n", key, kind, cell(doc))
		case audit.Lookup(strings.ReplaceAll(key, "_", "-")) == nil:
			own += fmt.Sprintf("| `%s` | %s | %s |\n", key, kind, undocumented)
		default:
			if flags[kind] == nil {
				kinds = append(kinds, kind)
			}
			flags[kind] = append(flags[kind], "`"+key+"`")
		}
	}
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "- %s: %s\n", kind, strings.Join(flags[kind], ", "))
	}
	return b.String() + "\n" + own
}

const undocumented = "not documented"

func settingValue(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return settingValue(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return "list of " + settingValue(t.Elem())
		}
		return "list"
	case reflect.Map:
		return "map"
	case reflect.Struct:
		return "`{" + strings.Join(yamlKeys(t), ", ") + "}`"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Float64:
		return "number"
	}
	return "text"
}

// TestSettingsAreDocumented: no key of certaudit.yaml is without a meaning.
func TestSettingsAreDocumented(t *testing.T) {
	if text := settingsDocs(); strings.Contains(text, undocumented) {
		t.Error(text)
	}
}

func evidenceDocs() string {
	var b strings.Builder
	kind := scan.Kind("")
	for _, f := range scan.FieldDocs() {
		if f.Kind != kind {
			kind = f.Kind
			fmt.Fprintf(&b, "\n`%s`\n\n| field | meaning |\n|---|---|\n", kind)
		}
		absent := ""
		if f.Optional {
			absent = " (absent when empty)"
		}
		fmt.Fprintf(&b, "| `%s` | %s%s |\n", f.Name, cell(f.Doc), absent)
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func containerDocs() string {
	var b strings.Builder
	b.WriteString("| container | what it is | in this version |\n|---|---|---|\n")
	for _, c := range certfile.Containers() {
		state := "recognised; not assessed, reason `unsupported`"
		if c.Read {
			state = "read"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, cell(c.Title), state)
	}
	return b.String()
}

func boundDocs() string {
	var b strings.Builder
	b.WriteString("| bound | default | on what | reason when it is hit |\n|---|---|---|---|\n")
	for _, l := range certfile.LimitDocs() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` |\n", l.Name, l.Default, cell(l.Doc), strings.ReplaceAll(l.Reason, " or ", "` or `"))
	}
	return b.String()
}

func stageDocs() string {
	var names []string
	for _, s := range scan.Stages() {
		names = append(names, "`"+string(s)+"`")
	}
	return strings.Join(names, ", ") + "\n"
}

func checkDocs() string {
	var b strings.Builder
	for _, c := range policies.Checks() {
		fmt.Fprintf(&b, "### %s\n\n%s. Judges each %s.\n\n%s\n\n", c.ID, c.Title, c.Unit, c.Why)
		if len(c.Params) == 0 {
			b.WriteString("No parameters.\n\n")
			continue
		}
		b.WriteString("| parameter | type | default | meaning |\n|---|---|---|---|\n")
		for _, p := range c.Params {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.Name, p.Type, cell(cmp.Or(p.Default, "none")), cell(p.Doc))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func packDocs() string {
	var b strings.Builder
	b.WriteString("| policy | edition | title | rules | controls |\n|---|---|---|---|---|\n")
	for _, p := range policies.Builtin() {
		set, err := loadPolicies([]string{p.ID})
		if err != nil {
			return err.Error()
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d | %d |\n", p.ID, p.Version, cell(p.Title), len(set.Rules), len(set.Controls))
	}
	return b.String()
}

// reportDocs lists the fields of report.json from the types that write it.
func reportDocs() string {
	var b strings.Builder
	for _, part := range []struct {
		name string
		of   any
	}{
		{"run", report.Run{}}, {"run.evidence[]", report.Evidence{}}, {"run.policies[]", report.Policy{}}, {"document", report.Document{}},
		{"scope", report.Scope{}}, {"estate", report.EstateFacts{}}, {"expiry[]", report.Bucket{}}, {"totals.by_result", report.ByResult{}},
		{"totals.by_severity", report.BySeverity{}}, {"reasons[]", report.ReasonCount{}}, {"controls[]", report.Control{}}, {"rules[]", report.Rule{}},
		{"findings[]", report.Finding{}}, {"findings[].locations[]", report.Location{}}, {"not_assessed[]", report.NotAssessed{}},
		{"scope.vantages[]", report.Vantage{}}, {"scope.objects", report.Objects{}}, {"certificates[]", report.CertificateEntry{}}, {"certificates[].private_keys_at[]", report.Place{}},
		{"keys[], public_keys[]", report.Key{}}, {"requests[]", report.Request{}}, {"revocation_lists[]", report.RevocationList{}},
	} {
		var names []string
		for _, field := range reflect.VisibleFields(reflect.TypeOf(part.of)) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && name != "-" {
				names = append(names, "`"+name+"`")
			}
		}
		fmt.Fprintf(&b, "- `%s`: %s\n", part.name, strings.Join(names, ", "))
	}
	return b.String()
}

// TestHelpHasAnExample wants one worked example in the help of every command.
func TestHelpHasAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() != "help" && !strings.HasPrefix(c.CommandPath(), "certaudit completion ") && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	a := &app{out: &printer{w: &bytes.Buffer{}}, err: &printer{w: &bytes.Buffer{}}, work: &workshop{}}
	walk(a.rootCommand())
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"audit", "--help"}, nil, &out, &errs); code != 0 || !strings.Contains(out.String(), "certaudit audit --policy soc2") {
		t.Errorf("audit --help: exit %d, %s", code, out.String())
	}
}
