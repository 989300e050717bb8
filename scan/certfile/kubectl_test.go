package certfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// kubectl prints a Secret as kubectl create --dry-run=client does, which asks
// no server.
func kubectl(t testing.TB, format string, args ...string) string {
	return output(t, "kubectl", slices.Concat([]string{"create", "secret"}, args, []string{"--dry-run=client", "-o", format})...)
}

// TestKubectl: Secrets as kubectl prints them, alone and as the list that
// kubectl get -o json wraps around them.
func TestKubectl(t *testing.T) {
	const secret = "sesame-open"
	p := newPKI(t)
	store := filepath.Join(p.dir, "store.p12")
	run(t, "openssl", "pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-certfile", p.rootPEM, "-name", "web", "-passout", "pass:"+secret, "-out", store)
	tls := []string{"tls", "web", "-n", "shop", "--cert", p.serverPEM, "--key", p.keyPEM}
	generic := []string{"generic", "stores", "--from-file=keystore.p12=" + store, "--from-file=ca.crt=" + p.rootPEM, "--from-literal=password=" + secret}
	const (
		key     = `: k8s-secret "shop/web/tls.crt" server identity private_key`
		ca      = `: k8s-secret "stores/ca.crt" root unknown default`
		inStore = `!stores/keystore.p12: pkcs12 "" root chain issued`
		inKey   = `!stores/keystore.p12: pkcs12 "web" server identity private_key`
	)
	list := fmt.Sprintf(`{"apiVersion":"v1","items":[%s,%s],"kind":"List","metadata":{"resourceVersion":""}}`, kubectl(t, "json", tls...), kubectl(t, "json", generic...))
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"tls.yaml":     {kubectl(t, "yaml", tls...), []string{key}},
		"tls.json":     {kubectl(t, "json", tls...), []string{key}},
		"generic.yaml": {kubectl(t, "yaml", generic...), []string{inStore, inKey, ca}},
		"generic.json": {kubectl(t, "json", generic...), []string{inStore, inKey, ca}},
		// A list is no Secret; and the root issued the server's certificate in the same file.
		"list.json": {list, []string{inStore, inKey, `: json "shop/web/tls.crt" server identity private_key`, `: json "stores/ca.crt" root chain issued`}},
	} {
		path := filepath.Join(p.dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range observeAll(t, Options{Passwords: given(secret)}, path) {
			switch r := r.(type) {
			case *scan.Observation:
				if r.Object != scan.ObjectCertificate {
					continue
				}
				got = append(got, r.Path[len(path):]+": "+p.shown([]scan.Record{r})[0])
			case *scan.NotAssessed:
				got = append(got, r.Path[len(path):]+": "+string(r.Reason))
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
