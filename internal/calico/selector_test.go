package calico

import "testing"

func TestCheckSelector(t *testing.T) {
	t.Parallel()
	for selector, want := range map[string]string{
		"":                                   "",
		"all()":                              "",
		"all( )":                             "",
		"global()":                           "",
		"has(node-role/gpu)":                 "",
		"service == 'payment'":               "",
		`service != "payment"`:               "",
		"!has(gpu) && zone == 'a'":           "",
		"!!has(gpu)":                         "",
		"a == 'x' || b == 'y' && c == 'z'":   "",
		"(a == 'x' || b == 'y') && all()":    "",
		"rack in {'r1', 'r2'}":               "",
		"rack not in {'r1'}":                 "",
		"rack in {}":                         "",
		"rack in {'r1',}":                    "", // Calico takes the comma too
		"name contains 'gpu'":                "",
		"name starts with 'gpu'":             "",
		"name startswith 'gpu'":              "",
		"name ends with 'gpu'":               "",
		"kubernetes.io/hostname == 'gpu-01'": "",
		"all":                                `==, !=, in, not in, contains, starts with or ends with expected at its end`,
		"service = 'payment'":                `==, !=, in, not in, contains, starts with or ends with expected at "= 'payment'"`,
		"service == payment":                 `a string in quotes expected at "payment"`,
		"service == 'payment":                `a string in quotes expected at "'payment"`,
		"service == 'payment' &&":            "a label, has(…), all() or ( expected at its end",
		"service == 'a' and all()":           `&& or || or the end expected at "and all()"`,
		"(all()":                             ") expected at its end",
		"all())":                             `&& or || or the end expected at ")"`,
		"rack in 'r1'":                       `{ expected at "'r1'"`,
		"rack in {r1}":                       `a string in quotes, or } expected at "r1}"`,
		"has()":                              `==, !=, in, not in, contains, starts with or ends with expected at "()"`,
		"service in\n{'a'}":                  "{ expected at \"\\n{'a'}\"",
	} {
		t.Run(selector, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := checkSelector(selector); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func TestSelectsGlobal(t *testing.T) {
	t.Parallel()
	for selector, want := range map[string]bool{
		"global()":             true,
		"all() || global( )":   true,
		"all()":                false,
		"name == 'global()'":   false,
		`name == "a global()"`: false,
	} {
		if got := selectsGlobal(selector); got != want {
			t.Errorf("%s: got %t", selector, got)
		}
	}
}
