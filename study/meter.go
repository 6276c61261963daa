package study

// Meter counts the units of resource (epochs, rounds, whatever the step
// counts) that one attempt at a trial uses, from what it reports. An attempt
// pays from the step it began at to the last it reported, so that whoever
// starts over pays again for what was done before. It began
//
//   - at the step it was told to go on from, unless it reports an earlier one:
//     then it has started over, from 0;
//   - after an attempt that was lost or failed, at the last step that was
//     reported before its own first, if that is later: it has found a
//     checkpoint by itself.
//
// The zero Meter is for an attempt that has reported nothing. A Meter is a
// function of the trial's reports in any order.
type Meter struct {
	begun    bool
	first    float64 // smallest step reported
	from, at float64
}

// MeterOf returns the meter of the newest attempt of t. The time is
// proportional to the number of reports.
func MeterOf(t *Trial) Meter {
	var m Meter
	n := len(t.Attempts)
	for _, r := range t.Reports {
		if r.Attempt == n {
			m.Report(t, r.Step)
		}
	}
	return m
}

// Report notes that the newest attempt of t, whose reports are there or not,
// has reached step. In an attempt whose steps ascend only the first call looks
// at the reports.
func (m *Meter) Report(t *Trial, step float64) {
	if !m.begun || step < m.first {
		m.begun, m.first, m.from = true, step, begin(t, step)
	}
	m.at = max(m.at, step)
}

// Units returns how many units the attempt has used.
func (m *Meter) Units() float64 { return max(0, m.at-m.from) }

// begin returns where the newest attempt of t, whose first report is that of
// step, has begun.
func begin(t *Trial, step float64) float64 {
	from := 0.0
	if t.Resume < step {
		from = max(0, t.Resume)
	}
	n := len(t.Attempts)
	if n < 2 || t.Attempts[n-2].Outcome != Requeued {
		return from
	}
	for _, r := range t.Reports {
		if r.Step >= step {
			break
		}
		if r.Attempt < n {
			from = max(from, r.Step)
		}
	}
	return from
}

// Paid returns the units of resource that all attempts of t have used, those
// of repeated steps included; see [Meter]. The time is proportional to the
// number of attempts, and while one runs of reports.
func (t *Trial) Paid() float64 {
	sum := 0.0
	for i := range t.Attempts {
		sum += t.Attempts[i].Paid
	}
	if t.State == Running {
		m := MeterOf(t)
		sum += m.Units()
	}
	return sum
}
