package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The structs below are a small part of a plan's JSON. github.com/hashicorp/terraform-json
// has all of it, but decodes all of it as well: state, configuration and every
// value of every object that stays as it is. Here these are skipped, and values
// stay raw until somebody asks for them.

// rawChange is an element of resource_changes and resource_drift. Its values are
// raw in the first reading, and decoded in the second.
type rawChange[V any] struct {
	Address         string       `json:"address"`
	PreviousAddress string       `json:"previous_address"`
	Type            string       `json:"type"`
	Deposed         string       `json:"deposed"`
	Change          rawValues[V] `json:"change"`
	ActionReason    string       `json:"action_reason"`
}

// rawValues are the values of an object or an output, before and after.
type rawValues[V any] struct {
	Actions         []string   `json:"actions"`
	Before          V          `json:"before"`
	After           V          `json:"after"`
	AfterUnknown    V          `json:"after_unknown"`
	BeforeSensitive V          `json:"before_sensitive"`
	AfterSensitive  V          `json:"after_sensitive"`
	Importing       *rawImport `json:"importing"`
	ReplacePaths    V          `json:"replace_paths"`
}

type rawImport struct {
	ID       string          `json:"id"`
	Identity json.RawMessage `json:"identity"`
}

type rawDeferred[V any] struct {
	Reason string       `json:"reason"`
	Change rawChange[V] `json:"resource_change"`
}

type rawInvoked struct {
	Address string `json:"address"`
	Trigger struct {
		Address string `json:"triggering_resource_address"`
	} `json:"lifecycle_action_trigger"`
	Config    json.RawMessage `json:"config_values"`
	Sensitive json.RawMessage `json:"config_sensitive"`
}

type rawCheck struct {
	Address struct {
		Display string `json:"to_display"`
	} `json:"address"`
	Status    string `json:"status"`
	Instances []struct {
		Problems []struct {
			Message string `json:"message"`
		} `json:"problems"`
	} `json:"instances"`
}

type rawVariable struct {
	Value json.RawMessage `json:"value"`
}

type rawConfig struct {
	Root struct {
		Variables map[string]struct {
			Sensitive bool `json:"sensitive"`
		} `json:"variables"`
	} `json:"root_module"`
}

type rawState struct {
	Values struct {
		Outputs map[string]struct {
			Value     json.RawMessage `json:"value"`
			Sensitive bool            `json:"sensitive"`
		} `json:"outputs"`
		Root rawModule `json:"root_module"`
	} `json:"values"`
}

type rawModule struct {
	Resources []struct {
		Values    json.RawMessage `json:"values"`
		Sensitive json.RawMessage `json:"sensitive_values"`
	} `json:"resources"`
	Modules []rawModule `json:"child_modules"`
}

// does reports whether the change is one: neither left as it is nor only read
// during the plan.
func (c *rawChange[V]) does() bool {
	if len(c.Change.Actions) == 1 && c.Change.Actions[0] == "no-op" {
		return c.Change.Importing != nil || c.moved()
	}
	return len(c.Change.Actions) > 0
}

func (c *rawChange[V]) moved() bool { return c.PreviousAddress != "" && c.PreviousAddress != c.Address }

// scan is what the first reading of a plan finds.
type scan struct {
	spans      []span
	changes    int // how many of the spans are of resource_changes
	checks     []rawCheck
	errored    bool
	incomplete bool
	mocked     bool
	isPlan     bool

	secrets   *secrets
	variables map[string]rawVariable
	sensitive []string // the variables that are secret
	version   string
}

// span is where a change stands in its file, after a comma or a colon.
type span struct {
	section        string
	offset, length int64
}

// scanPlan reads a plan once. It decodes what is secret, and remembers where
// the changes are.
func scanPlan(r io.Reader, found *secrets) (*scan, error) {
	s := &scan{secrets: found}
	dec := json.NewDecoder(r)
	if token, err := dec.Token(); err != nil {
		return s, readable(err)
	} else if token != json.Delim('{') {
		return s, errors.New("this is no plan: it is not a JSON object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return s, readable(err)
		}
		if err := s.section(dec, fmt.Sprint(key)); err != nil {
			return s, readable(err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return s, readable(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return s, errors.New("there is something after the plan")
	}
	for _, name := range s.sensitive {
		s.secrets.all(decode(s.variables[name].Value))
	}
	return s, s.supported()
}

func readable(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is truncated")
	}
	return err
}

// supported refuses what only looks like a plan, and formats to come.
func (s *scan) supported() error {
	switch {
	case s.version == "":
		return errors.New("this is no plan: format_version is missing")
	case s.version != "1" && !strings.HasPrefix(s.version, "1."):
		return fmt.Errorf("format_version %.20q is not supported, only 1.x is", s.version)
	case !s.isPlan:
		return errors.New("this is no plan: it has the form of a state")
	}
	return nil
}

func (s *scan) section(dec *json.Decoder, key string) error {
	switch key {
	case "format_version":
		return dec.Decode(&s.version)
	case "errored":
		return dec.Decode(&s.errored)
	case "complete":
		complete := true
		err := dec.Decode(&complete)
		s.incomplete = !complete
		return err
	case "variables":
		return s.readVariables(dec)
	case "resource_changes", "resource_drift":
		s.isPlan = true
		return each(dec, key, s.readChange)
	case "deferred_changes":
		return each(dec, key, s.readDeferred)
	case "action_invocations":
		return each(dec, key, s.readInvoked)
	case "checks":
		return each(dec, key, s.readCheck)
	case "output_changes":
		return s.readOutputs(dec, key)
	case "prior_state":
		return s.readState(dec)
	case "configuration":
		s.isPlan = true
		return s.readConfig(dec)
	default:
		var skipped json.RawMessage
		return dec.Decode(&skipped)
	}
}

// each decodes the elements of a list one by one.
func each[T any](dec *json.Decoder, section string, read func(T, span)) error {
	switch token, err := dec.Token(); {
	case err != nil:
		return err
	case token == nil:
		return nil
	case token != json.Delim('['):
		return fmt.Errorf("%s is no list", section)
	}
	for dec.More() {
		var element T
		start := dec.InputOffset()
		if err := dec.Decode(&element); err != nil {
			return err
		}
		read(element, span{section, start, dec.InputOffset() - start})
	}
	_, err := dec.Token()
	return err
}

func (s *scan) readChange(c rawChange[json.RawMessage], at span) {
	s.collect(c.Change)
	if !c.does() {
		return
	}
	s.spans = append(s.spans, at)
	if at.section == "resource_changes" {
		s.changes++
	}
}

// collect takes a flag on one side for both: what becomes a secret was one in
// all but name.
func (s *scan) collect(v rawValues[json.RawMessage]) {
	for _, flags := range []json.RawMessage{v.BeforeSensitive, v.AfterSensitive} {
		s.secrets.flagged(v.Before, flags)
		s.secrets.flagged(v.After, flags)
	}
}

func (s *scan) readDeferred(d rawDeferred[json.RawMessage], at span) {
	s.collect(d.Change.Change)
	s.spans = append(s.spans, at)
}

func (s *scan) readInvoked(i rawInvoked, at span) {
	s.secrets.flagged(i.Config, i.Sensitive)
	s.spans = append(s.spans, at)
}

func (s *scan) readCheck(c rawCheck, _ span) {
	if c.Status == "fail" || c.Status == "error" {
		s.checks = append(s.checks, c)
	}
}

func (s *scan) readOutputs(dec *json.Decoder, section string) error {
	var outputs map[string]rawValues[json.RawMessage]
	start := dec.InputOffset()
	if err := dec.Decode(&outputs); err != nil {
		return err
	}
	for _, output := range outputs {
		s.collect(output)
	}
	s.spans = append(s.spans, span{section, start, dec.InputOffset() - start})
	return nil
}

// readVariables keeps the values until the configuration says which are secret.
func (s *scan) readVariables(dec *json.Decoder) error {
	if err := dec.Decode(&s.variables); err != nil {
		return err
	}
	for _, v := range s.variables {
		if bytes.Contains(v.Value, []byte(`"mock-`)) && holdsMock(decode(v.Value)) {
			s.mocked = true
		}
	}
	return nil
}

// holdsMock reports whether a value has a part that says itself that it is a mock.
func holdsMock(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.HasPrefix(v, "mock-")
	case []any:
		for _, child := range v {
			if holdsMock(child) {
				return true
			}
		}
	case map[string]any:
		for _, child := range v {
			if holdsMock(child) {
				return true
			}
		}
	}
	return false
}

func (s *scan) readConfig(dec *json.Decoder) error {
	var config rawConfig
	if err := dec.Decode(&config); err != nil {
		return err
	}
	for name, variable := range config.Root.Variables {
		if variable.Sensitive {
			s.sensitive = append(s.sensitive, name)
		}
	}
	return nil
}

// readState finds the secrets of data sources, which are among no changes, and
// of outputs that stay as they are.
func (s *scan) readState(dec *json.Decoder) error {
	var state rawState
	if err := dec.Decode(&state); err != nil {
		return err
	}
	for _, output := range state.Values.Outputs {
		if output.Sensitive {
			s.secrets.all(decode(output.Value))
		}
	}
	s.readModule(state.Values.Root)
	return nil
}

func (s *scan) readModule(m rawModule) {
	for _, r := range m.Resources {
		s.secrets.flagged(r.Values, r.Sensitive)
	}
	for _, child := range m.Modules {
		s.readModule(child)
	}
}
