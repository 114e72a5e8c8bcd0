// Package render writes a [plan.Report] for those who decide on it: as Markdown
// for a comment on a pull request and for a step summary, as text for a
// terminal, as JSON for machines.
//
// In Markdown, what comes from a plan stands in code spans and in fences only,
// each delimited by more backticks than it holds. Nothing in there is a tag, a
// mention or a link, and nothing gets out.
package render
