# In production nothing is deleted or replaced without somebody saying so: do it
# in a change of its own, with this policy set aside by those who own it.
package onprem.no_deletion_in_prod

deny contains {"msg": message, "address": object.address} if {
	startswith(input.unit, "prod/")
	some object in input.resource_changes
	object.mode == "managed"
	"delete" in object.change.actions
	message := sprintf("This %s in production would be deleted.", [object.type])
}
