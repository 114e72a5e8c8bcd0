# Addresses are handed out from the ranges of the site alone, which are in
# data.yaml. A unit's path is <environment>/<site>/<component>. Addresses that
# only the apply knows are not in the plan, and are not seen here.
package onprem.pools_in_site_range

deny contains {"msg": message, "address": pool.address} if {
	some pool in pools
	some address in pool.addresses
	some end in split(address, "-")
	not in_site(trim_space(end))
	message := sprintf("%s is outside of %s, the ranges of %s.", [address, concat(", ", ranges), site])
}

warn contains {"msg": message, "address": pool.address} if {
	some pool in pools
	not data.site_ranges[site]
	message := sprintf("No ranges are known for %s: add them to data.yaml.", [site])
}

# Pools of both kinds, with their addresses: prefixes, or "first-last".
pools contains {"address": object.address, "addresses": object.change.after.addresses} if {
	some object in input.resource_changes
	object.type == "onprem_metallb_ip_address_pool"
}

pools contains {"address": object.address, "addresses": [object.change.after.cidr]} if {
	some object in input.resource_changes
	object.type == "onprem_calico_ip_pool"
}

site := concat("/", array.slice(split(input.unit, "/"), 0, 2))

ranges := data.site_ranges[site]

in_site(address) if {
	some range in ranges
	net.cidr_contains(range, address)
}
