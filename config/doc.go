// Package config finds quotad's files and reads its configuration: TOML in,
// [Settings] with plans, accounts and rules out.
//
// Begin with [FindPaths], then [Load]. A missing file is no error, every
// setting has a default. What is wrong in a file is told all at once, as
// [Errors]: file, line, column, and what was expected. [Set] changes one
// setting in the text and leaves all the rest of it alone; [Show] writes out
// what is in effect.
package config
