package semtype

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

func TestMeaning(t *testing.T) {
	t.Parallel()
	same[address](t, "2001:db8::1", "2001:0db8:0::1")
	differ[address](t, "192.0.2.1", "192.0.2.2")
	refuse[address](t, "192.0.2.300", "not an IP address")
	refuse[address](t, "192.0.2.1/24", "not an IP address")

	same[prefix](t, "2001:db8::/32", "2001:0db8::/32")
	differ[prefix](t, "10.0.0.0/8", "10.0.0.0/16")
	refuse[prefix](t, "10.64.0.1/16", "did you mean 10.64.0.0/16?")
	refuse[prefix](t, "10.64.0.0", "CIDR notation")

	same[addressRange](t, "192.168.10.0-192.168.10.255", "192.168.10.0/24")
	same[addressRange](t, "192.168.10.180 - 192.168.10.200", "192.168.10.180-192.168.10.200")
	differ[addressRange](t, "192.168.10.180-192.168.10.200", "192.168.10.180-192.168.10.201")
	refuse[addressRange](t, "192.168.10.200-192.168.10.180", "did you mean 192.168.10.180-192.168.10.200?")
	refuse[addressRange](t, "192.168.10.1", "first-last")
	refuse[addressRange](t, "192.168.10.1-2001:db8::1", "mixes IPv4 and IPv6")

	same[duration](t, "90s", "1m30s")
	refuse[duration](t, "90", "with a unit")

	same[absoluteURL](t, "https://Harbor.example.internal/", "https://harbor.example.internal")
	differ[absoluteURL](t, "https://harbor.example.internal", "http://harbor.example.internal")
	refuse[absoluteURL](t, "harbor.example.internal", "http://")

	same[asNumber](t, "65546", "1.10")
	same[asNumber](t, "4294967295", "65535.65535")
	refuse[asNumber](t, "0", "from 1 to 4294967295")
	refuse[asNumber](t, "4294967296", "from 1 to 4294967295")
	refuse[asNumber](t, "0.0", "asdot")
	refuse[asNumber](t, "1.65536", "asdot")
}

func same[K Kind](t *testing.T, a, b string) {
	t.Helper()
	if equal, _ := newValue[K](a).StringSemanticEquals(t.Context(), newValue[K](b)); !equal {
		t.Errorf("%q and %q differ", a, b)
	}
}

func differ[K Kind](t *testing.T, a, b string) {
	t.Helper()
	if equal, _ := newValue[K](a).StringSemanticEquals(t.Context(), newValue[K](b)); equal {
		t.Errorf("%q and %q are the same", a, b)
	}
}

func refuse[K Kind](t *testing.T, s, want string) {
	t.Helper()
	resp := &xattr.ValidateAttributeResponse{}
	newValue[K](s).ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{Path: path.Root("a")}, resp)
	if len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Detail(), want) {
		t.Errorf("%q: got %v, want an error with %q", s, resp.Diagnostics, want)
	}
}

func TestNullAndUnknownAreNotValidated(t *testing.T) {
	t.Parallel()
	for _, v := range []Prefix{NewPrefix(""), {StringValue: types.StringUnknown()}} {
		resp := &xattr.ValidateAttributeResponse{}
		v.ValidateAttribute(t.Context(), xattr.ValidateAttributeRequest{}, resp)
		if resp.Diagnostics.HasError() {
			t.Errorf("%s: %v", v, resp.Diagnostics)
		}
	}
}

func TestConstructorsMapAbsentToNull(t *testing.T) {
	t.Parallel()
	for _, v := range []basetypes.StringValuable{NewAddress(""), NewPrefix(""), NewRange(""), NewDuration(""), NewURL(""), NewASNumber(0)} {
		if !v.IsNull() {
			t.Errorf("%T is %s, want null", v, v)
		}
	}
	if got := NewASNumber(4200000000).ValueString(); got != "4200000000" {
		t.Errorf("got %q", got)
	}
}
