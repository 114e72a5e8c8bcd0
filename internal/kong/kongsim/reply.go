package kongsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// reply is an answer: a status and a body, JSON unless it is a string of HTML.
type reply struct {
	status int
	body   any
	header map[string]string
}

func ok(body any) *reply { return &reply{status: http.StatusOK, body: body} }

func message(status int, text string) *reply {
	return &reply{status: status, body: object{"message": text}}
}

func notFound() *reply { return message(http.StatusNotFound, "Not found") }

func notAllowed() *reply { return message(http.StatusMethodNotAllowed, "Method not allowed") }

func crash() *reply { return message(http.StatusInternalServerError, "An unexpected error occurred") }

func failure(status, code int, name, text string, fields any) *reply {
	body := object{"code": code, "name": name, "message": text}
	if fields != nil {
		body["fields"] = fields
	}
	return &reply{status: status, body: body}
}

func schemaViolation(errs violations) *reply {
	return failure(400, 2, "schema violation", errs.message(), errs)
}

func primaryKeyViolation(id any) *reply {
	return failure(400, 3, "primary key violation", "primary key violation on key "+keys(object{"id": id}), object{"id": id})
}

func foreignKeyMissing(field string, value any, parent string) *reply {
	return failure(400, 4, "foreign key violation", "the foreign key "+keys(asObject(value))+
		" does not reference an existing '"+parent+"' entity.", object{field: value})
}

func referenced(child, parent string) *reply {
	return failure(400, 4, "foreign key violation", "an existing '"+child+"' entity references this '"+parent+"' entity",
		object{"@referenced_by": child})
}

func uniqueViolation(key object) *reply {
	return failure(409, 5, "unique constraint violation", "UNIQUE violation detected on "+keys(key), key)
}

func noEntity(key object) *reply {
	text := "could not find the entity with "
	if _, byID := key["id"]; byID {
		text += "primary key "
	}
	return failure(404, 6, "not found", text+keys(key), key)
}

func unresolved(field string, key object, parent string) *reply {
	why := "the foreign key cannot be resolved with " + keys(key) + " for an existing '" + parent + "' entity"
	name := slices.Sorted(maps.Keys(key))[0]
	return failure(400, 13, "foreign keys unresolved", "foreign key unresolved ("+field+"."+name+": "+why+")",
		object{field: object{name: why}})
}

// keys prints a key as the gateway does: '{name="x",service={id="…"}}'.
func keys(key object) string { return "'" + luaTable(key) + "'" }

func luaTable(m object) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := "null"
		switch x := m[k].(type) {
		case string:
			v = `"` + x + `"`
		case object:
			v = luaTable(x)
		case nil:
		default:
			v = string(encode(x))
		}
		parts = append(parts, k+"="+v)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// html is an error page of the web server in front of the Admin API.
func html(status int, title string) *reply {
	return &reply{status: status, header: map[string]string{"Content-Type": "text/html; charset=UTF-8"},
		body: "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
			"</h1></center>\r\n</body>\r\n</html>\r\n"}
}
