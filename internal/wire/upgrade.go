package wire

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Upgrade turns a stored state of the current version into MessagePack.
// Attributes that the schema does not have any more are left out, those that it
// has since are null (fwserver/server_upgraderesourcestate.go).
func (s *Schema) Upgrade(state []byte) ([]byte, error) {
	if !json.Valid(state) {
		return nil, errUnforeseen
	}
	return s.root.transcode(make([]byte, 0, len(state)), state)
}

func (s *shape) transcode(out []byte, in json.RawMessage) ([]byte, error) {
	if string(in) == "null" {
		return append(out, codeNil), nil
	}
	switch s.kind {
	case kindText:
		return scalar(out, in, appendText)
	case kindBool:
		return scalar(out, in, appendBool)
	case kindInt64:
		n, err := strconv.ParseInt(string(in), 10, 64)
		if err == nil && string(in) != "-0" {
			return appendInt(out, n), nil
		}
		return s.transcodeOther(out, in)
	case kindObject:
		return s.transcodeObject(out, in)
	case kindMap:
		return s.transcodeMap(out, in)
	case kindList, kindSet:
		var elements []json.RawMessage
		err := json.Unmarshal(in, &elements)
		out = appendArray(out, len(elements))
		for i := 0; i < len(elements) && err == nil; i++ {
			out, err = s.elem.transcode(out, elements[i])
		}
		return out, err
	default:
		return s.transcodeOther(out, in)
	}
}

func scalar[T any](out []byte, in json.RawMessage, appendTo func([]byte, T) []byte) ([]byte, error) {
	var v T
	err := json.Unmarshal(in, &v)
	return appendTo(out, v), err
}

// transcodeOther lets the framework's own library do it.
func (s *shape) transcodeOther(out []byte, in json.RawMessage) ([]byte, error) {
	opts := tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}}
	v, err := tfprotov6.RawState{JSON: in}.UnmarshalWithOpts(s.wire, opts)
	if err != nil {
		return nil, err
	}
	d, err := tfprotov6.NewDynamicValue(s.wire, v)
	return append(out, d.MsgPack...), err
}

func (s *shape) transcodeObject(out []byte, in json.RawMessage) ([]byte, error) {
	var have map[string]json.RawMessage
	err := json.Unmarshal(in, &have)
	out = appendMap(out, len(s.attributes))
	for i := 0; i < len(s.attributes) && err == nil; i++ {
		a := &s.attributes[i]
		out = append(out, a.key...)
		if v, ok := have[a.name]; ok {
			out, err = a.shape.transcode(out, v)
		} else {
			out = append(out, codeNil)
		}
	}
	return out, err
}

func (s *shape) transcodeMap(out []byte, in json.RawMessage) ([]byte, error) {
	var have map[string]json.RawMessage
	err := json.Unmarshal(in, &have)
	out = appendMap(out, len(have))
	names := slices.Sorted(maps.Keys(have))
	for i := 0; i < len(names) && err == nil; i++ {
		out, err = s.elem.transcode(appendText(out, names[i]), have[names[i]])
	}
	return out, err
}
