// Package wire compiles a resource's schema into what an unchanged object needs
// of it: state JSON becomes MessagePack, configurations and plans are checked in
// the encoding they come in, and a model is read from it. What it has not
// foreseen is an error, and the framework does the work instead.
//
// What the framework would answer is taken from terraform-plugin-framework
// v1.19.0, internal/fwserver and internal/fwschemadata; the places are named
// where they count.
package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

// errUnforeseen leaves the work to the framework.
var errUnforeseen = errors.New("not foreseen")

// Codes of MessagePack, which the protocol uses without floats of 32 bits.
const (
	codeNil   = 0xc0
	codeNever = 0xc1 // not used by MessagePack
	codeFalse = 0xc2
	codeTrue  = 0xc3
)

// scanner walks over MessagePack.
type scanner struct {
	data []byte
	at   int
}

func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return codeNever
}

func (s *scanner) isNil() bool { return s.peek() == codeNil }

// isUnknown: Terraform's unknown values are extensions.
func (s *scanner) isUnknown() bool {
	c := s.peek()
	return c >= 0xd4 && c <= 0xd8 || c >= 0xc7 && c <= 0xc9
}

func (s *scanner) isText() bool {
	c := s.peek()
	return c&^0x1f == 0xa0 || c >= 0xd9 && c <= 0xdb
}

// number reads n bytes as an unsigned number.
func (s *scanner) number(n int) (uint64, error) {
	if s.at+n > len(s.data) {
		return 0, errUnforeseen
	}
	var v uint64
	for _, b := range s.data[s.at : s.at+n] {
		v = v<<8 | uint64(b)
	}
	s.at += n
	return v, nil
}

// header reads the length of a map, an array or a string: within the code
// itself, or in 1, 2 or 4 bytes behind the given codes.
func (s *scanner) header(fix, mask byte, codes [3]byte) (int, error) {
	c := s.peek()
	if c&^mask == fix {
		s.at++
		return int(c & mask), nil
	}
	for i, code := range codes {
		if c == code && code != 0 {
			s.at++
			n, err := s.number(1 << i)
			if err != nil || n > uint64(len(s.data)) {
				return 0, errUnforeseen
			}
			return int(n), nil
		}
	}
	return 0, errUnforeseen
}

func (s *scanner) mapLength() (int, error) { return s.header(0x80, 0x0f, [3]byte{0, 0xde, 0xdf}) }

func (s *scanner) arrayLength() (int, error) { return s.header(0x90, 0x0f, [3]byte{0, 0xdc, 0xdd}) }

func (s *scanner) text() (string, error) {
	n, err := s.header(0xa0, 0x1f, [3]byte{0xd9, 0xda, 0xdb})
	if err != nil || s.at+n > len(s.data) {
		return "", errUnforeseen
	}
	v := string(s.data[s.at : s.at+n])
	s.at += n
	return v, nil
}

func (s *scanner) bool() (bool, error) {
	c := s.peek()
	if c != codeFalse && c != codeTrue {
		return false, errUnforeseen
	}
	s.at++
	return c == codeTrue, nil
}

// int64 reads a whole number.
func (s *scanner) int64() (int64, error) {
	c := s.peek()
	s.at++
	switch {
	case c <= 0x7f:
		return int64(c), nil
	case c >= 0xe0:
		return int64(int8(c)), nil
	case c >= 0xcc && c <= 0xcf:
		v, err := s.number(1 << (c - 0xcc))
		if err != nil || v > math.MaxInt64 {
			return 0, errUnforeseen
		}
		return int64(v), nil
	case c >= 0xd0 && c <= 0xd3:
		width := 1 << (c - 0xd0)
		v, err := s.number(width)
		shift := 64 - 8*width
		return int64(v<<shift) >> shift, err
	}
	return 0, errUnforeseen
}

// skip moves past one value.
func (s *scanner) skip() error {
	c := s.peek()
	s.at++
	var size, values uint64
	var err error
	switch {
	case c <= 0x7f, c >= 0xe0, c == codeNil, c == codeFalse, c == codeTrue:
	case c <= 0x8f: // short map
		values = 2 * uint64(c&0x0f)
	case c <= 0x9f: // short array
		values = uint64(c & 0x0f)
	case c <= 0xbf: // short string
		size = uint64(c & 0x1f)
	case c >= 0xc4 && c <= 0xc6: // binary
		size, err = s.number(1 << (c - 0xc4))
	case c >= 0xc7 && c <= 0xc9: // extension
		size, err = s.number(1 << (c - 0xc7))
		size++
	case c == 0xca, c == 0xcb: // float
		size = 4 << (c - 0xca)
	case c >= 0xcc && c <= 0xcf:
		size = 1 << (c - 0xcc)
	case c >= 0xd0 && c <= 0xd3:
		size = 1 << (c - 0xd0)
	case c >= 0xd4 && c <= 0xd8: // extension of fixed size
		size = 1 + 1<<(c-0xd4)
	case c >= 0xd9 && c <= 0xdb: // string
		size, err = s.number(1 << (c - 0xd9))
	case c == 0xdc, c == 0xdd: // array
		values, err = s.number(2 << (c - 0xdc))
	case c == 0xde, c == 0xdf: // map
		values, err = s.number(2 << (c - 0xde))
		values *= 2
	default:
		return errUnforeseen
	}
	if left := uint64(max(len(s.data)-s.at, 0)); err != nil || size > left || values > left {
		return errUnforeseen
	}
	s.at += int(size)
	for range values {
		if err := s.skip(); err != nil {
			return err
		}
	}
	return nil
}

// raw returns the bytes of one value.
func (s *scanner) raw() ([]byte, error) {
	from := s.at
	if err := s.skip(); err != nil {
		return nil, err
	}
	return s.data[from:s.at], nil
}

// key moves past the name of an attribute, which is encoded as key.
func (s *scanner) key(key []byte) bool {
	if s.at > len(s.data) || !bytes.HasPrefix(s.data[s.at:], key) {
		return false
	}
	s.at += len(key)
	return true
}

// Encoding, as Terraform and terraform-plugin-go do it: as short as possible.

func appendHeader(b []byte, n int, fix byte, small int, codes [3]byte) []byte {
	switch {
	case n < small:
		return append(b, fix|byte(n))
	case n < 1<<8 && codes[0] != 0:
		return append(b, codes[0], byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, codes[1]), uint16(n))
	default:
		return binary.BigEndian.AppendUint32(append(b, codes[2]), uint32(n))
	}
}

func appendMap(b []byte, n int) []byte { return appendHeader(b, n, 0x80, 16, [3]byte{0, 0xde, 0xdf}) }

func appendArray(b []byte, n int) []byte {
	return appendHeader(b, n, 0x90, 16, [3]byte{0, 0xdc, 0xdd})
}

func appendText(b []byte, v string) []byte {
	return append(appendHeader(b, len(v), 0xa0, 32, [3]byte{0xd9, 0xda, 0xdb}), v...)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, codeTrue)
	}
	return append(b, codeFalse)
}

func appendInt(b []byte, v int64) []byte {
	switch {
	case v >= -1<<5 && v < 1<<7:
		return append(b, byte(v))
	case v >= 0 && v < 1<<8:
		return append(b, 0xcc, byte(v))
	case v >= 0 && v < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, 0xcd), uint16(v))
	case v >= 0 && v < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, 0xce), uint32(v))
	case v >= 0:
		return binary.BigEndian.AppendUint64(append(b, 0xcf), uint64(v))
	case v >= -1<<7:
		return append(b, 0xd0, byte(v))
	case v >= -1<<15:
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(v))
	case v >= -1<<31:
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(v))
	default:
		return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(v))
	}
}
