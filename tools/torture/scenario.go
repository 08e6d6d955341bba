package main

// This file lists the scenarios.

// scenario is a history whose every moment is to be survived.
type scenario struct {
	name string
	// prepare leaves a state folder that is taken for durable.
	prepare func(*stage) error
	// run is what is traced.
	run func(*stage) error
	// damaged: damage was there from the start, and may be told.
	damaged bool
	// schema is the older one that a database is migrated from; 0: none is.
	schema int
}

func scenarios() []scenario {
	return []scenario{
		{name: "first-start", prepare: nothingYet, run: load},
		{name: "load", prepare: someDays, run: load},
		{name: "killed", prepare: used, run: killedAndAgain},
		{name: "killed-first", prepare: nothingYet, run: killedAtFirst},
		{name: "spool", prepare: spooled, run: brief},
		{name: "schema-1", prepare: schema(1), run: brief, schema: 1},
		{name: "schema-2", prepare: schema(2), run: brief, schema: 2},
		{name: "schema-3", prepare: schema(3), run: brief, schema: 3},
		{name: "restore", prepare: backedUp, run: restored},
		{name: "refill", prepare: lackingBackup, run: refilled, damaged: true},
		{name: "damaged", prepare: damagedPage, run: brief, damaged: true},
		{name: "compaction", prepare: holed, run: compacted},
	}
}

func nothingYet(*stage) error { return nil }
