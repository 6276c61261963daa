// Package harvest reads results out of what a training program prints or
// writes: JSON lines, Python dictionaries, "name=value" text, progress bars,
// tables, CSV, metrics files and a final result file.
//
// It is not a log store and knows nothing of trials, studies or schedules: it
// turns bytes into [Sample] values and leaves their meaning to the caller. It
// starts no goroutine, reads no clock and imports only the standard library.
//
// The one idea is that a wrong number is worse than no number. A form that
// could be a time, a version, a size or a sentence yields nothing unless the
// study named the metric ([Options.Want]); and when nothing was found,
// [Missing] says what was there instead: the names seen, the nearest of them,
// and the lines that mention the metric but could not be read.
//
// A [Reader] serves one attempt of one trial. Each of its inputs is a
// [Stream] (an io.Writer: standard output, standard error) or a [Tail] (a
// file that grows); all deliver to one callback, one sample at a time:
//
//	r, err := harvest.New(harvest.Options{
//		Want: []string{"val_loss"},
//		Each: func(s harvest.Sample) { … },
//	})
//	out := r.Stream("stdout")
//	cmd.Stdout = out
//	… run …
//	out.Close()
//	if none arrived {
//		return errors.New(harvest.Missing("val_loss", r.Seen()))
//	}
//
// Names come out as printed, with four additions: nested JSON keys are joined
// with "/"; a label of several words becomes one name joined with "_"
// ("Test accuracy: 0.9" is Test_accuracy); a section of a line that says
// which data it speaks of goes in front ("valid | loss 4.2" is valid_loss),
// so that training and validation values never share a name; and LightGBM's
// "valid_0's auc" is valid_0/auc. A wanted name is matched to these joined
// names without regard to case, to all others exactly.
package harvest
