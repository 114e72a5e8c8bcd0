package functions

import (
	"math/big"
	"net"

	"github.com/apparentlymart/go-cidr/cidr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/gocty"
)

// cidrHostFunc and cidrSubnetFunc reckon with big integers: a /64 of IPv6 has
// more hosts than a machine word counts, and a /16 has 48 bits of subnets in it.
var (
	cidrHostFunc = function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "prefix", Type: cty.String},
			{Name: "hostnum", Type: cty.Number},
		},
		Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, err := parsePrefix(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			var host *big.Int
			if err := gocty.FromCtyValue(args[1], &host); err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			ip, err := cidr.HostBig(network, host)
			if err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			return cty.StringVal(ip.String()), nil
		},
	})

	cidrSubnetFunc = function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "prefix", Type: cty.String},
			{Name: "newbits", Type: cty.Number},
			{Name: "netnum", Type: cty.Number},
		},
		Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, err := parsePrefix(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			var bits int
			if err := gocty.FromCtyValue(args[1], &bits); err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			var number *big.Int
			if err := gocty.FromCtyValue(args[2], &number); err != nil {
				return cty.NilVal, function.NewArgError(2, err)
			}
			subnet, err := cidr.SubnetBig(network, bits, number)
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(subnet.String()), nil
		},
	})

	// Terraform refuses IPv6 here, Terragrunt gives a mask that nothing accepts.
	cidrNetmaskFunc = ofStrings(cty.String, func(args []string) (cty.Value, error) {
		network, err := parsePrefix(args[0])
		if err != nil {
			return cty.NilVal, err
		}
		if len(network.Mask) != net.IPv4len {
			return cty.NilVal, function.NewArgErrorf(0, "%s is an IPv6 prefix, and only IPv4 has netmasks", args[0])
		}
		return cty.StringVal(net.IP(network.Mask).String()), nil
	}, "prefix")
)

func parsePrefix(s string) (*net.IPNet, error) {
	_, network, err := net.ParseCIDR(s)
	if err != nil {
		return nil, function.NewArgErrorf(0, "%q is not a prefix such as 10.0.0.0/16", s)
	}
	return network, nil
}
