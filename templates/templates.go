// Package templates embeds the words and the look of the reports. The files
// are data: `certaudit init --templates DIR` copies them for editing, and
// --templates DIR lays the edited ones over these.
package templates

import "embed"

// FS holds theme.json and the *.words.json files.
//
//go:embed *.json
var FS embed.FS
