// Package providertest is a provider of a coding plan for tests: it meters
// calls by rules of its own and answers what it is asked for over HTTP, as
// wilfully as the real one does.
//
// A [Provider] takes each [Call] at its instant, and knows at any time what was
// truly used ([Provider.Use]). As an [net/http.Handler] it answers the two
// addresses at which readings are asked for. Its [Manner] says how well: late,
// floored, jittered, with fields left out, or with something that is no answer
// at all.
//
// Nothing of quotad is imported. Prices, windows and floors are written here
// once more, from what is known of the provider, so that a fault in ours does
// not stand on both sides of a test.
package providertest
