package quota

// trace is what the fold found in one entry, for those who ask. A nil trace
// notes nothing.
type trace struct {
	charge   Charge
	stopped  int             // window that a stop was of, counted from 1; 0: of none
	findings []tracedFinding // of a reading, in its order
}

// tracedFinding is what a reading was found to say of a window.
type tracedFinding struct {
	window int
	Reading
	Finding
}

func (x *trace) charged(c Charge) {
	if x != nil {
		x.charge = c
	}
}

func (x *trace) stop(window int) {
	if x != nil {
		x.stopped = window + 1
	}
}

func (x *trace) read(window int, r Reading, f Finding) {
	if x != nil {
		x.findings = append(x.findings, tracedFinding{window, r, f})
	}
}

// reading is what the entry, a reading, did to a window; nil where it does not
// speak of it.
func (x *trace) reading(window int) (last *ExplainedReading) {
	for _, f := range x.findings {
		if f.window == window {
			last = f.Finding.explain(f.Reading)
		}
	}
	return last
}
