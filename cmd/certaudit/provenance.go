package main

import (
	"net/url"
	"os"
	"os/user"
	"strings"
)

// Provenance: who ran what, where. Nothing here decides anything.

func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// binarySHA256 is the digest of the running executable.
func binarySHA256() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	return fileSHA256(name)
}

// ciURL is the address of the job that runs certaudit, where the CI system
// tells it.
func ciURL(getenv func(string) string) string {
	switch {
	case getenv("GITHUB_RUN_ID") != "":
		return getenv("GITHUB_SERVER_URL") + "/" + getenv("GITHUB_REPOSITORY") + "/actions/runs/" + getenv("GITHUB_RUN_ID")
	case getenv("CI_JOB_URL") != "":
		return getenv("CI_JOB_URL")
	case getenv("BUILD_URL") != "":
		return getenv("BUILD_URL")
	}
	return ""
}

// secretFlags take values that may be secret; they are recorded without them.
var secretFlags = []string{"--password-env", "--password-command", "--history", "--client-key", "--proxy-env"}

// maskCommand is the command line as evidence keeps it.
func maskCommand(args []string) []string {
	masked := []string{"certaudit"}
	hide := false
	for _, arg := range args {
		switch {
		case hide:
			arg, hide = "***", false
		default:
			for _, f := range secretFlags {
				if arg == f {
					hide = true
				} else if strings.HasPrefix(arg, f+"=") {
					arg = f + "=***"
				}
			}
			if strings.Contains(arg, "://") && strings.Contains(arg, "@") {
				if u, err := url.Parse(arg); err == nil {
					arg = u.Redacted()
				} else {
					arg = "***"
				}
			}
		}
		masked = append(masked, arg)
	}
	return masked
}
