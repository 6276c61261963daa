package onnx

import (
	"fmt"
	"slices"
)

// Session is a model made ready for one size of batch, with its buffers. It
// is not safe for concurrent use; several sessions of a model are.
type Session struct {
	values map[string]*tensor
	steps  []func() error
	output *tensor
	cells  int
}

// Session prepares the evaluation of batch inputs at once. The operators known
// are Add, BatchNormalization, Cast, Concat, Constant, Div, Exp, Gather, Gemm,
// Log, Mul, Neg, Relu, Shape, Sigmoid, Slice, Sub and Unsqueeze.
func (m *Model) Session(batch int) (*Session, error) {
	if batch < 1 || batch > 1<<16 {
		return nil, fmt.Errorf("a batch has 1 to %d rows, not %d", 1<<16, batch)
	}
	s := &Session{values: make(map[string]*tensor, len(m.weights)+len(m.nodes))}
	for name, t := range m.weights {
		s.values[name] = t
	}
	for _, in := range m.inputs {
		dims := slices.Clone(in.dims)
		for i, d := range dims {
			if d < 0 {
				dims[i] = batch
			}
		}
		t, err := s.make(in.kind, dims)
		if err != nil {
			return nil, fmt.Errorf("prepare input %q: %w", in.name, err)
		}
		s.values[in.name] = t
	}
	for k, n := range m.nodes {
		if err := s.add(n); err != nil {
			return nil, fmt.Errorf("prepare node %d, %s: %w", k+1, n.op, err)
		}
	}
	out, ok := s.values[m.output]
	if !ok || out.kind != single {
		return nil, fmt.Errorf("nothing computes the output %q in single precision", m.output)
	}
	s.output = out
	return s, nil
}

// make returns a new tensor, as long as there is room.
func (s *Session) make(k kind, dims []int) (*tensor, error) {
	if len(dims) > maxRank {
		return nil, fmt.Errorf("%d dimensions are more than %d", len(dims), maxRank)
	}
	n := 1
	for _, d := range dims {
		if n *= d; d < 0 || n > maxCells {
			return nil, fmt.Errorf("the size %v is out of range", dims)
		}
	}
	if s.cells += n; s.cells > maxCells {
		return nil, fmt.Errorf("the model needs more than %d numbers at once", maxCells)
	}
	return newTensor(k, dims), nil
}

// add prepares one node: it makes the output and, unless everything is
// constant, notes the step that computes it.
func (s *Session) add(n node) error {
	if len(n.out) != 1 {
		return fmt.Errorf("it has %d outputs, not 1", len(n.out))
	}
	in := make([]*tensor, len(n.in))
	fixed := true
	for i, name := range n.in {
		t, ok := s.values[name]
		if !ok {
			return fmt.Errorf("its input %q is not known before it", name)
		}
		in[i] = t
		fixed = fixed && t.fixed
	}
	o, ok := operators[n.op]
	if !ok {
		return fmt.Errorf("the operator is not known here")
	}
	if len(in) < o.least || len(in) > o.most {
		return fmt.Errorf("it has %d inputs", len(in))
	}
	out, step, err := o.prepare(s, n, in)
	if err != nil {
		return err
	}
	if step != nil && fixed {
		if err := step(); err != nil {
			return err
		}
		out.fixed, step = true, nil
	}
	if step != nil {
		s.steps = append(s.steps, step)
	}
	s.values[n.out[0]] = out
	return nil
}

// Floats returns the buffer of the input called name, row by row, to be
// filled before [Session.Run]; nil where there is no such input in single
// precision.
func (s *Session) Floats(name string) []float32 {
	if t := s.values[name]; t != nil && !t.fixed {
		return t.f
	}
	return nil
}

// Ints is [Session.Floats] for an input of integers.
func (s *Session) Ints(name string) []int64 {
	if t := s.values[name]; t != nil && !t.fixed {
		return t.i
	}
	return nil
}

// Output returns the buffer of the output, row by row; the next run overwrites
// it.
func (s *Session) Output() []float32 { return s.output.f }

// Run computes the output from the inputs. It allocates nothing. The error
// says that an index into an embedding is out of range, or that integers were
// divided by zero.
func (s *Session) Run() error {
	for _, step := range s.steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
