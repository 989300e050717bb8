package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

// mayImport is the import table: for each package of ours, which of ours it may
// import, and which third-party modules. The standard library is always free.
// "*" stands for anything.
var mayImport = map[string][]string{
	"templates":         {},
	"scan":              {},
	"scan/certfile":     {"scan", "gopkg.in/yaml.v3", "golang.org/x/crypto/scrypt", "golang.org/x/crypto/twofish"},
	"scan/tlsprobe":     {"scan", "golang.org/x/net/idna", "golang.org/x/net/proxy", "golang.org/x/crypto/chacha20poly1305"},
	"scan/revoke":       {"scan", "golang.org/x/crypto/ocsp"},
	"policies":          {"scan", "gopkg.in/yaml.v3"},
	"report":            {"scan", "policies"},
	"report/pdf":        {"scan", "policies", "report", "github.com/go-pdf/fpdf", "codeberg.org/go-fonts/dejavu/dejavusans"},
	"report/xlsx":       {"scan", "policies", "report", "github.com/xuri/excelize/v2"},
	"report/reporttest": {"scan", "policies", "report"}, // test support: no binary has it
	"cmd/certaudit":     {"*"},
}

// programs are commands of their own beside a package: benchmarks, standard
// library only.
const programs = "/bench/"

// ownModule is true for a folder below the top that is a module of its own: a
// benchmark against libraries that certaudit does not use.
func ownModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && filepath.Clean(dir) != repository
}

// sources calls visit for every Go file of the repository that is no test.
func sources(t *testing.T, visit func(pkg string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || ownModule(name)) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(repository, filepath.Dir(name))
		visit(filepath.ToSlash(rel), f, set)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportTable(t *testing.T) {
	seen := map[string]bool{}
	sources(t, func(pkg string, file *ast.File, set *token.FileSet) {
		allowed, known := mayImport[pkg]
		if strings.Contains("/"+pkg+"/", programs) {
			known = true
		}
		if !known {
			t.Errorf("package %s is not in the import table", pkg)
		}
		seen[pkg] = true
		for _, imp := range file.Imports {
			path := strings.Trim(imp.Path.Value, `"`)
			ours, inside := strings.CutPrefix(path, "certaudit/")
			standard := !inside && !strings.Contains(strings.Split(path, "/")[0], ".")
			if standard || slices.Contains(allowed, "*") || inside && slices.Contains(allowed, ours) || slices.Contains(allowed, path) {
				continue
			}
			t.Errorf("%s: package %s may not import %s", set.Position(imp.Pos()), pkg, path)
		}
	})
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("the import table names %s, which is not there", pkg)
		}
	}
}

func TestNoInit(t *testing.T) {
	sources(t, func(_ string, file *ast.File, set *token.FileSet) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init", set.Position(f.Pos()))
			}
		}
	})
}

// TestContainerList: every function that makes a container is on the list, and
// nothing else is.
func TestContainerList(t *testing.T) {
	made, listed := []string{}, []string{}
	sources(t, func(pkg string, file *ast.File, _ *token.FileSet) {
		if pkg != "scan/certfile" {
			return
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if strings.HasSuffix(f.Name.Name, "Container") {
				made = append(made, f.Name.Name)
			}
			if f.Name.Name == "containers" {
				ast.Inspect(f, func(n ast.Node) bool {
					if call, ok := n.(*ast.CallExpr); ok {
						listed = append(listed, call.Fun.(*ast.Ident).Name)
					}
					return true
				})
			}
		}
	})
	slices.Sort(made)
	slices.Sort(listed)
	if len(made) == 0 || !slices.Equal(made, listed) {
		t.Errorf("containers made: %v\ncontainers listed: %v", made, listed)
	}
}

// TestModuleFile: no module of the repository says replace or exclude, and each
// but the first is a benchmark.
func TestModuleFile(t *testing.T) {
	var modules []string
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "go.mod" {
			modules = append(modules, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range modules {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if word == "replace" || word == "exclude" {
				t.Errorf("%s: %s", name, line)
			}
		}
		switch {
		case filepath.Dir(name) != repository && !strings.Contains(filepath.ToSlash(name), programs):
			t.Errorf("%s: a module that is no benchmark", name)
		case filepath.Dir(name) == repository && !strings.HasPrefix(string(text), "module certaudit\n"):
			t.Error("go.mod: the module is not certaudit")
		}
	}
	if !slices.Contains(modules, filepath.Join(repository, "go.mod")) {
		t.Errorf("modules %q: the first is missing", modules)
	}
}

// TestTopLevel holds what lies at the top of the repository to what belongs
// there.
func TestTopLevel(t *testing.T) {
	belongs := []string{".ci", ".git", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "cmd", "go.mod", "go.sum", "policies", "report", "scan", "templates"}
	ignored := []string{"certaudit", "certaudit.exe", "certaudit-demo", "certaudit-report"}
	entries, err := os.ReadDir(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(belongs, e.Name()) && !slices.Contains(ignored, e.Name()) {
			t.Errorf("%s lies at the top of the repository", e.Name())
		}
	}
}

// TestMainIsShort: main only passes on.
func TestMainIsShort(t *testing.T) {
	sources(t, func(pkg string, file *ast.File, set *token.FileSet) {
		if pkg != "cmd/certaudit" {
			return
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "main" {
				if lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line; lines >= 10 {
					t.Errorf("main has %d lines", lines)
				}
			}
		}
	})
}
