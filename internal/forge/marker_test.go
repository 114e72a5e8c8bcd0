package forge

import "testing"

func TestParseMarker(t *testing.T) {
	t.Parallel()
	full := Marker{Key: "prod/seoul", Part: 2, Run: Run{42, 3}, Digest: "v1.Yj-_--x"}
	for _, tt := range []struct {
		name, text string
		want       Marker
		ok         bool
	}{
		{"as we write it", full.String() + "\ntext", full, true},
		{"nothing but the marker", full.String(), full, true},
		{"the key alone", "<!-- onprem-plan v1 key=stage -->\ntext", Marker{Key: "stage", Part: 1, Run: Run{0, 1}}, true},
		{"attributes of others, in any order", "<!-- onprem-plan v1 units=3 run=7 key=stage note -->", Marker{Key: "stage", Part: 1, Run: Run{7, 1}}, true},
		{"Windows line ends", "<!-- onprem-plan v1 key=stage -->\r\ntext", Marker{Key: "stage", Part: 1, Run: Run{0, 1}}, true},
		{"no key", "<!-- onprem-plan v1 part=1 -->", Marker{}, false},
		{"a key that would end the marker", "<!-- onprem-plan v1 key=a--b -->", Marker{}, false},
		{"a part that is no number", "<!-- onprem-plan v1 key=stage part=one -->", Marker{}, false},
		{"a negative run", "<!-- onprem-plan v1 key=stage run=-1 -->", Marker{}, false},
		{"another version", "<!-- onprem-plan v2 key=stage -->", Marker{}, false},
		{"on the second line", "\n<!-- onprem-plan v1 key=stage -->", Marker{}, false},
		{"quoted", "> <!-- onprem-plan v1 key=stage -->", Marker{}, false},
		{"text behind it", "<!-- onprem-plan v1 key=stage --> text", Marker{}, false},
		{"nothing", "", Marker{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := ParseMarker(tt.text)
			if ok != tt.ok || ok && got != tt.want {
				t.Errorf("got %+v, %v, want %+v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}
