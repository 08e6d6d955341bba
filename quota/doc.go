// Package quota is the domain of quotad, and pure: what a GLM Coding Plan
// allows, what an event costs, which windows it lands in, and what follows.
//
// Begin with [Account]: a plan, the instant it was subscribed at, and the
// model of events that name none. [Account.Cost] prices one event. [State] is
// the fold of an account's events; [State.Apply] takes one more, [State.At]
// tells what holds at an instant, as a [Status]. [Ledger] keeps a State right
// whatever order events arrive in, over any [Book] that stores them. [Due]
// decides which notice is to be told, and why. [Money] is the ledger of what is
// paid by the token, apart from the windows.
//
// Three promises hold throughout:
//
//   - The state depends on the set of events, never on their order of arrival.
//   - Amounts are integers, millionths of a prompt, credit or dollar, so that
//     sums are exact in any order.
//   - Time comes in as a value: UTC, milliseconds. Nothing here reads a clock,
//     a file or the network, and nothing but the standard library is imported;
//     a test holds this.
package quota
