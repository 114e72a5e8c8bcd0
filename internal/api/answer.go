package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// OtherError is an answer of something else than what was asked for, although
// its status says that all is well: not of the system, or out of a cache.
type OtherError struct {
	Asked string // `the service "web"`
	Got   string // "null", "a list"; never what is in it, which may be anyone's
}

// Error names both.
func (e *OtherError) Error() string { return fmt.Sprintf("%s, where %s was asked for", e.Got, e.Asked) }

// Is makes it one of the answers that do not tell what has become of a write.
func (e *OtherError) Is(target error) bool { return target == errGarbled }

// Object reads an answer that has to be of one object. A null, a number and the
// object of another name are refused with an *OtherError.
type Object[T any] struct {
	Asked string        // for messages: `the service "web"`
	Is    func(*T) bool // whether an object is the one that was asked for
	Value T
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Object[T]) UnmarshalJSON(text []byte) error {
	if err := read(text, '{', o.Asked, &o.Value); err != nil {
		return err
	}
	if !o.Is(&o.Value) {
		return &OtherError{o.Asked, "something else"}
	}
	return nil
}

// List reads an answer that has to be a list of objects of one kind. Its Values
// are not nil once it was read: so that an answer without the list can be told
// from one with an empty one.
type List[T any] struct {
	Asked  string        // for messages: "a list of services"
	Is     func(*T) bool // whether a member is an object of the kind
	Values []*T
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *List[T]) UnmarshalJSON(text []byte) error {
	l.Values = []*T{}
	if err := read(text, '[', l.Asked, &l.Values); err != nil {
		return err
	}
	for i, v := range l.Values {
		if !l.Is(v) {
			return &OtherError{l.Asked, fmt.Sprintf("a list whose member %d is something else", i+1)}
		}
	}
	return nil
}

// Map reads an answer that has to be a map of objects of one kind.
type Map[T any] struct {
	Asked  string                     // for messages: "a map of connections"
	Is     func(key string, v T) bool // whether a member is the object that belongs under its key
	Values map[string]T
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Map[T]) UnmarshalJSON(text []byte) error {
	if err := read(text, '{', m.Asked, &m.Values); err != nil {
		return err
	}
	for key, v := range m.Values {
		if !m.Is(key, v) {
			return &OtherError{m.Asked, "a map of something else"}
		}
	}
	return nil
}

// Nothing is an error when an answer that has to be empty is not.
func Nothing(body []byte) error {
	if body = bytes.TrimSpace(body); len(body) > 0 {
		return &OtherError{"nothing", kindOf(body)}
	}
	return nil
}

// read decodes JSON that has to begin with a brace or a bracket, and has no
// null in a list anywhere: no system has one, and as a zero value it would pass
// for an object that is there.
func read(text []byte, open byte, asked string, out any) error {
	text = bytes.TrimSpace(text)
	if text[0] != open {
		return &OtherError{asked, kindOf(text)}
	}
	if hasNullMember(text) {
		return &OtherError{asked, "a null in a list"}
	}
	err := json.Unmarshal(text, out)
	var wrong *json.UnmarshalTypeError
	var other *OtherError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &other): // of a part
		return other
	case errors.As(err, &wrong) && wrong.Field != "":
		kind, _, _ := strings.Cut(wrong.Value, " ")
		return &OtherError{asked, fmt.Sprintf("something whose `%s` is a %s", wrong.Field, kind)}
	}
	return &OtherError{asked, kindOf(text) + " of another form"}
}

func kindOf(text []byte) string {
	switch text[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return "a number"
	}
	return "something that is not JSON"
}

// hasNullMember reports whether valid JSON has a list with a null in it.
func hasNullMember(text []byte) bool {
	if !bytes.Contains(text, []byte("null")) {
		return false
	}
	var open []byte // the brackets that the current place is in
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			open = append(open, text[i])
		case ']', '}':
			open = open[:len(open)-1]
		case 'n':
			if len(open) > 0 && open[len(open)-1] == '[' {
				return true
			}
		}
	}
	return false
}
