package schema

import "strings"

// OfCUR returns the column that a CUR's column is, from its name in the file; for an entry of a map, delivered as a
// column of its own, also the entry's key ("" for others). legacy says that the file has no map columns, so that
// product attributes which CUR 2.0 keeps in its product map are entries of it.
func OfCUR(source string, legacy bool) (c Column, key string) {
	normal := Normalize(source)
	if Known(normal) {
		return Lookup(normal), ""
	}
	if column, key, ok := Flattened(source); ok && (legacy || column != "product") {
		return Lookup(column), key
	}
	return Lookup(normal), ""
}

// Flattened says which entry of which map a column of a legacy report is. Keys keep the spelling that the file has:
// csv files keep the user's, Parquet files only AWS's normal form of it. Product attributes go by their normal form,
// as they do in CUR 2.0.
func Flattened(source string) (column, key string, ok bool) {
	for _, m := range []struct{ csv, athena, column string }{
		{"resourceTags/", "resource_tags_", "resource_tags"},
		{"costCategory/", "cost_category_", "cost_category"},
		{"product/", "product_", "product"},
	} {
		for _, prefix := range []string{m.csv, m.athena} {
			key, ok := strings.CutPrefix(source, prefix)
			if !ok || key == "" {
				continue
			}
			if m.column == "product" {
				key = Normalize(key)
			}
			return m.column, key, true
		}
	}
	return "", "", false
}

// OfFOCUS returns the column that a FOCUS file's column is. Names that FOCUS does not have stay as they are.
func OfFOCUS(source string) Column {
	if n, ok := focusExtra[source]; ok {
		return Lookup(n)
	}
	if n, ok := normals[source]; ok && !strings.Contains(source, "_") {
		return Lookup(n)
	}
	return Lookup(source)
}
