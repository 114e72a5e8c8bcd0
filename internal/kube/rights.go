package kube

// Verbs are what an account must be allowed to do with a kind to manage its
// objects: Create and Apply are server-side apply, which is a patch, and a create
// too while there is no object.
func Verbs() []string { return []string{"get", "list", "create", "patch", "delete"} }
