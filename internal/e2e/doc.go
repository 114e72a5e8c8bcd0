// Package e2e has the tests of the whole: examples/generator becomes a tree, the
// real Terragrunt and the real Terraform or OpenTofu run it against all systems
// of the sandbox, and what Terragrunt computes is what the generator computed.
package e2e
