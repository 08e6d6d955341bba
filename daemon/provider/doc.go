// Package provider asks the provider of a GLM Coding Plan what it has counted.
// It only ever reads: nothing but GET leaves it, and no quota is used by it.
//
// A [Client] asks once and gives a [Reply], or a [Fault] that says what was
// wrong with the answer. A [Pace] decides, without a clock of its own, when to
// ask next. Where a key comes from is the business of a [KeySource]; a key is
// never written anywhere, and no error holds it.
//
//	client := provider.New(provider.Options{Key: provider.Keys(provider.KeyOptions{File: path})})
//	pace := provider.NewPace(rand.Float64)
//	...
//	at, why := pace.Next(now, active) // at is now: ask
//	reply, fault := client.Read(ctx)
//	pace.Asked(now, fault)            // now: when it was sent
package provider
