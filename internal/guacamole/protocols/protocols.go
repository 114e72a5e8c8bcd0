// Package protocols describes the parameters of Guacamole's connections: their
// names, types and meaning by protocol, as the protocol schema of Guacamole
// 1.6.0 lists them (GET schema/protocols), with what 1.5.5 lacks marked.
package protocols

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// The protocols that Guacamole brings along.
const (
	SSH        = "ssh"
	RDP        = "rdp"
	VNC        = "vnc"
	Telnet     = "telnet"
	Kubernetes = "kubernetes"
)

// Names are the protocols in the order of the documentation.
var Names = []string{SSH, RDP, VNC, Telnet, Kubernetes}

// MaxLength is how many characters Guacamole stores of one value.
const MaxLength = 4096

// Type is a field type of Guacamole's schema.
type Type string

// The types that parameters of connections have.
const (
	Text        Type = "TEXT"
	Numeric     Type = "NUMERIC"
	Boolean     Type = "BOOLEAN"
	Enum        Type = "ENUM"
	Password    Type = "PASSWORD"
	Multiline   Type = "MULTILINE"
	Username    Type = "USERNAME"
	Timezone    Type = "TIMEZONE"
	ColorScheme Type = "TERMINAL_COLOR_SCHEME"
)

// True is the only word a BOOLEAN is stored as; anything else means no.
const True = "true"

// Parameter is one setting of a protocol. Guacamole stores all of them as
// strings.
type Parameter struct {
	Name        string   `json:"name"`
	Type        Type     `json:"type"`
	Group       string   `json:"group"` // of the web form
	Options     []string `json:"options"`
	NewOptions  []string `json:"new_options"` // those that 1.5.5 lacks
	Secret      bool     `json:"secret"`
	Since       string   `json:"since"` // empty for 1.5.5 and before
	Description string   `json:"description"`
}

// Attribute is the parameter's name in Terraform: private-key is private_key.
func (p Parameter) Attribute() string { return strings.ReplaceAll(p.Name, "-", "_") }

// IsPort reports whether the number is a TCP or UDP port.
func (p Parameter) IsPort() bool {
	return p.Type == Numeric && (p.Name == "port" || strings.HasSuffix(p.Name, "-port"))
}

//go:embed protocols.json
var source []byte

var table = sync.OnceValue(func() map[string][]Parameter {
	var t map[string][]Parameter
	if err := json.Unmarshal(source, &t); err != nil {
		panic("protocols.json: " + err.Error()) // embedded, and read by a test
	}
	return t
})

var names = sync.OnceValue(func() map[string]map[string]bool {
	known := map[string]map[string]bool{}
	for protocol, parameters := range table() {
		known[protocol] = map[string]bool{}
		for _, p := range parameters {
			known[protocol][p.Name] = true
		}
	}
	return known
})

// Of returns the parameters of a protocol in the order of the web form.
func Of(protocol string) []Parameter { return table()[protocol] }

// Knows reports whether a protocol has a parameter of that name.
func Knows(protocol, parameter string) bool { return names()[protocol][parameter] }
