package tlsprobe

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"certaudit/scan"
)

// postgresProgram finds a server program of PostgreSQL, which Debian keeps
// apart from the others.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		return found[len(found)-1]
	}
	return installed(t, name)
}

// TestPostgreSQL has a database server with TLS, and without.
func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	postgres, initdb := postgresProgram(t, "postgres"), postgresProgram(t, "initdb")
	installed(t, "openssl")
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "db", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	user := as(t, "postgres", dir, cert, key)
	data := filepath.Join(dir, "data")
	run(t, append(slices.Clone(user), initdb, "-D", data, "-A", "trust", "--no-sync")...)
	port := freePort(t)
	server := append(slices.Clone(user), postgres, "-D", data, "-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(port),
		"-c", "unix_socket_directories=", "-c", "fsync=off")

	stop := startDaemon(t, port, server...)
	turnsDown(t, e, scan.PostgreSQL, "localhost", port, scan.ReasonNoStartTLS, `"N"`)
	stop()
	startDaemon(t, port, append(server, "-c", "ssl=on", "-c", "ssl_cert_file="+cert, "-c", "ssl_key_file="+key)...)
	sameAsClient(t, e, scan.PostgreSQL, "postgres", port)
}

// TestMariaDB has a database server with TLS, the same while it has as many
// connections as it takes, and one without TLS.
func TestMariaDB(t *testing.T) {
	t.Parallel()
	mariadb := installed(t, "mariadbd")
	installed(t, "openssl")
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "db", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	user := as(t, "mysql", dir, data, cert, key)
	port := freePort(t)
	server := append(slices.Clone(user), mariadb, "--no-defaults", "--datadir="+data, "--skip-grant-tables", "--innodb=OFF", "--default-storage-engine=MyISAM",
		"--socket="+dir+"/s", "--pid-file="+dir+"/pid", "--bind-address=127.0.0.1", "--port="+strconv.Itoa(port), "--skip-name-resolve", "--max-connections=10", "--max-connect-errors=100000")

	stop := startDaemon(t, port, append(server, "--ssl-cert="+cert, "--ssl-key="+key)...)
	sameAsClient(t, e, scan.MySQL, "mysql", port)
	for range 11 { // one more is kept for an administrator
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Read(make([]byte, 1)) // the greeting: the server has counted it
	}
	turnsDown(t, e, scan.MySQL, "localhost", port, scan.ReasonRateLimited, "error 1040")
	stop()
	startDaemon(t, port, append(server, "--skip-ssl")...)
	turnsDown(t, e, scan.MySQL, "localhost", port, scan.ReasonNoStartTLS, "no SSL")
}
