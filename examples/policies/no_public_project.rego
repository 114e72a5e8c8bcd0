# What is pushed to a public Harbor project can be pulled by everyone.
package onprem.no_public_project

deny contains {"msg": message, "address": object.address} if {
	some object in input.resource_changes
	object.type == "onprem_harbor_project"
	object.change.after.public
	message := sprintf("The project %q would be public.", [object.change.after.name])
}
