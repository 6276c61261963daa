package onnx

import (
	"errors"
	"fmt"
	"math"
)

// Limits that keep a hostile file from costing more than a moment.
const (
	maxNodes = 10_000
	maxRank  = 4
	maxCells = 1 << 22 // numbers in all tensors of a model or session
)

// Model is a parsed network. It is immutable and safe for concurrent use.
type Model struct {
	nodes   []node
	weights map[string]*tensor
	inputs  []input
	output  string
}

type node struct {
	op      string
	in, out []string
	attr    map[string]attribute
}

type attribute struct {
	f float32
	i int64
	t *tensor
}

// input is a network's input; a dimension of -1 is the batch.
type input struct {
	name string
	kind kind
	dims []int
}

// Parse reads an ONNX file. It keeps no reference to b.
func Parse(b []byte) (*Model, error) {
	m := &Model{weights: map[string]*tensor{}}
	var graph []byte
	var opset int64
	err := fields(b, func(x field) (err error) {
		switch x.id {
		case 7:
			graph, err = x.sub()
		case 8:
			var set []byte
			if set, err = x.sub(); err == nil {
				opset, err = opsetOf(set, opset)
			}
		}
		return err
	})
	if err == nil && graph == nil {
		err = errors.New("there is no graph in it")
	}
	if err == nil && opset != 13 {
		err = fmt.Errorf("operator set %d is not the one known here, 13", opset)
	}
	if err == nil {
		err = m.graph(graph)
	}
	if err != nil {
		return nil, fmt.Errorf("read ONNX model: %w", err)
	}
	return m, nil
}

// opsetOf returns the version of the standard operators, if set is about them.
func opsetOf(set []byte, known int64) (int64, error) {
	domain, version := "", int64(0)
	err := fields(set, func(x field) error {
		switch x.id {
		case 1:
			domain = string(x.data)
		case 2:
			version = int64(x.num)
		}
		return nil
	})
	if domain != "" {
		return known, err
	}
	return version, err
}

func (m *Model) graph(b []byte) error {
	var outputs []string
	cells := 0
	err := fields(b, func(x field) error {
		switch x.id {
		case 1, 5, 11, 12:
		default:
			return nil
		}
		sub, err := x.sub()
		if err != nil {
			return err
		}
		switch x.id {
		case 1:
			if len(m.nodes) == maxNodes {
				return fmt.Errorf("it has more than %d nodes", maxNodes)
			}
			n, err := parseNode(sub, &cells)
			if err != nil {
				return err
			}
			m.nodes = append(m.nodes, n)
		case 5:
			name, t, err := parseTensor(sub, &cells)
			if err != nil {
				return fmt.Errorf("tensor %q: %w", name, err)
			}
			m.weights[name] = t
		case 11:
			in, err := parseInput(sub)
			if err != nil {
				return fmt.Errorf("input %q: %w", in.name, err)
			}
			m.inputs = append(m.inputs, in)
		case 12:
			return fields(sub, func(x field) error {
				if x.id == 1 {
					outputs = append(outputs, string(x.data))
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(outputs) != 1 {
		return fmt.Errorf("it has %d outputs, not 1", len(outputs))
	}
	m.output = outputs[0]
	return nil
}

func parseNode(b []byte, cells *int) (node, error) {
	n := node{attr: map[string]attribute{}}
	err := fields(b, func(x field) error {
		switch x.id {
		case 1:
			n.in = append(n.in, string(x.data))
		case 2:
			n.out = append(n.out, string(x.data))
		case 4:
			n.op = string(x.data)
		case 5:
			sub, err := x.sub()
			if err != nil {
				return err
			}
			return parseAttribute(sub, n.attr, cells)
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("node %s: %w", n.op, err)
	}
	return n, nil
}

func parseAttribute(b []byte, to map[string]attribute, cells *int) error {
	var a attribute
	name := ""
	err := fields(b, func(x field) (err error) {
		switch x.id {
		case 1:
			name = string(x.data)
		case 2:
			a.f = math.Float32frombits(uint32(x.num))
		case 3:
			a.i = int64(x.num)
		case 5:
			_, a.t, err = parseTensor(x.data, cells)
		}
		return err
	})
	to[name] = a
	return err
}

func parseTensor(b []byte, cells *int) (name string, t *tensor, err error) {
	var dims []int64
	var raw []byte
	code, elsewhere := uint64(0), false
	err = fields(b, func(x field) (err error) {
		switch x.id {
		case 1:
			dims, err = x.ints(dims)
		case 2:
			code = x.num
		case 8:
			name = string(x.data)
		case 9:
			raw, err = x.sub()
		case 4, 5, 6, 7, 10, 13:
			elsewhere = true
		}
		return err
	})
	if err != nil {
		return name, nil, err
	}
	if elsewhere {
		return name, nil, errors.New("its numbers are not stored as raw data, the one way known here")
	}
	k, size, err := kindOf(code)
	if err != nil {
		return name, nil, err
	}
	n := 1
	shape := make([]int, len(dims))
	if len(dims) > maxRank {
		return name, nil, fmt.Errorf("it has %d dimensions, more than %d", len(dims), maxRank)
	}
	for i, d := range dims {
		if d < 0 || d > maxCells || n*int(d) > maxCells {
			return name, nil, fmt.Errorf("its size %v is out of range", dims)
		}
		shape[i] = int(d)
		n *= int(d)
	}
	if len(raw) != n*size {
		return name, nil, fmt.Errorf("it has %d bytes, not the %d of its size %v", len(raw), n*size, dims)
	}
	if *cells += n; *cells > maxCells {
		return name, nil, fmt.Errorf("the model has more than %d numbers", maxCells)
	}
	t = newTensor(k, shape)
	t.fixed = true
	t.decode(raw, size)
	return name, t, nil
}

func parseInput(b []byte) (in input, err error) {
	code := uint64(0)
	var shape []byte
	err = fields(b, func(x field) error {
		switch x.id {
		case 1:
			in.name = string(x.data)
		case 2:
			return fields(x.data, func(x field) error {
				if x.id != 1 {
					return errors.New("it is no tensor")
				}
				return fields(x.data, func(x field) error {
					switch x.id {
					case 1:
						code = x.num
					case 2:
						shape = x.data
					}
					return nil
				})
			})
		}
		return nil
	})
	if err != nil {
		return in, err
	}
	if in.kind, _, err = kindOf(code); err != nil {
		return in, err
	}
	err = fields(shape, func(x field) error {
		if x.id != 1 {
			return nil
		}
		d := int64(-1) // a name instead of a number is the batch
		err := fields(x.data, func(x field) error {
			if x.id == 1 {
				d = int64(x.num)
			}
			return nil
		})
		if err == nil && (d < -1 || d > maxCells || len(in.dims) == maxRank) {
			err = errors.New("its size is out of range")
		}
		in.dims = append(in.dims, int(d))
		return err
	})
	return in, err
}
