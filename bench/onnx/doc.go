// Package onnx evaluates small neural networks that are stored as ONNX files:
// the surrogate models of benchmark suites.
//
// It is no general runtime. It knows the twenty operators of opset 13 that
// multilayer perceptrons with embeddings, batch normalisation and warped
// inputs are exported with (see [Model.Session]), dense tensors of at most
// four dimensions, and numbers in single precision, double precision and as
// integers; everything else is refused with its name. The file's protocol
// buffers are decoded by hand. Nothing in a file can make it panic or take
// more memory than a fixed bound.
//
// The one idea: the batch is fixed when a [Session] is made, so every shape is
// known, everything constant is computed once, and what remains is a list of
// loops over buffers that are already there. A run allocates nothing.
//
//	m, err := onnx.Parse(file)
//	s, err := m.Session(1)
//	copy(s.Floats("x"), x)
//	err = s.Run()
//	y := s.Output()
package onnx
