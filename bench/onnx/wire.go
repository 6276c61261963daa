package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errWire says that the bytes are no protocol buffer.
var errWire = errors.New("the file is damaged: not a protocol buffer")

// The wire types of protocol buffers that ONNX uses.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// field is one field of a message: num for varints and fixed numbers, data for
// everything with a length.
type field struct {
	id   int
	wire int
	num  uint64
	data []byte
}

// fields calls f for every field of the message b, in order.
func fields(b []byte, f func(field) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return errWire
		}
		b = b[n:]
		if key>>3 == 0 || key>>3 > math.MaxInt32 {
			return errWire
		}
		x := field{id: int(key >> 3), wire: int(key & 7)}
		switch x.wire {
		case wireVarint:
			if x.num, n = binary.Uvarint(b); n <= 0 {
				return errWire
			}
		case wireFixed64:
			if n = 8; len(b) < n {
				return errWire
			}
			x.num = binary.LittleEndian.Uint64(b)
		case wireFixed32:
			if n = 4; len(b) < n {
				return errWire
			}
			x.num = uint64(binary.LittleEndian.Uint32(b))
		case wireBytes:
			size, k := binary.Uvarint(b)
			if k <= 0 || size > uint64(len(b)-k) {
				return errWire
			}
			x.data = b[k : k+int(size)]
			n = k + int(size)
		default:
			return errWire
		}
		b = b[n:]
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// ints appends the integers of a repeated field, which may be packed.
func (x field) ints(to []int64) ([]int64, error) {
	if x.wire == wireVarint {
		return append(to, int64(x.num)), nil
	}
	if x.wire != wireBytes {
		return nil, errWire
	}
	for b := x.data; len(b) > 0; {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errWire
		}
		to, b = append(to, int64(v)), b[n:]
	}
	return to, nil
}

// sub returns the bytes of a message or string.
func (x field) sub() ([]byte, error) {
	if x.wire != wireBytes {
		return nil, fmt.Errorf("%w (field %d)", errWire, x.id)
	}
	return x.data, nil
}
