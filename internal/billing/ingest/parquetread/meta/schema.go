package meta

import (
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/format"

	"github.com/bursarhq/bursar"
)

// Field is what a file's schema offers as one column of a bill.
type Field struct {
	Name   string // of the column, as it is in the file
	Child  string // where the column is a struct: which of its values this is
	Leaves []int  // one, or a map's keys and values
}

// Map says whether the field's cells are maps.
func (f Field) Map() bool { return len(f.Leaves) == 2 }

// Leaf is a primitive column of the schema.
type Leaf struct {
	Path     string
	Physical format.Type
	Length   int // of a fixed length byte array
	Meaning  Meaning
	Scale    int // of decimals
	MaxDef   int // the definition level of a cell that has a value
	MaxRep   int
}

// tree builds fields and leaves from the footer's list of elements.
type tree struct {
	elements []element
	next     int
	leaves   []Leaf
	fields   []Field
}

// node is an element with its place in the tree.
type node struct {
	element
	path     []string
	def, rep int
	first    int // its first leaf
	kids     []node
}

func (t *tree) build() error {
	root, err := t.node(nil, 0, 0, true)
	if err != nil {
		return err
	}
	if t.next != len(t.elements) {
		return Damaged("its schema has %d elements too many", len(t.elements)-t.next)
	}
	for _, n := range root.kids {
		if err := t.field(n); err != nil {
			return err
		}
	}
	return nil
}

// node takes the next element and its children.
func (t *tree) node(path []string, def, rep int, root bool) (n node, err error) {
	if t.next >= len(t.elements) || len(path) > maxDepth {
		return n, Damaged("its schema is not complete")
	}
	n.element = t.elements[t.next]
	t.next++
	n.first = len(t.leaves)
	if !root {
		n.path = append(slices.Clone(path), n.name)
		switch n.repeats {
		case format.Repeated:
			def, rep = def+1, rep+1
		case format.Optional:
			def++
		}
	}
	n.def, n.rep = def, rep
	if n.leaf {
		t.leaves = append(t.leaves, Leaf{
			Path: strings.Join(n.path, "."), Physical: n.physical, Length: n.length, Meaning: n.meaning, Scale: n.scale, MaxDef: def, MaxRep: rep,
		})
		return n, nil
	}
	for range n.children {
		kid, err := t.node(n.path, def, rep, false)
		if err != nil {
			return n, err
		}
		n.kids = append(n.kids, kid)
	}
	return n, nil
}

// field makes the fields of a top-level column.
func (t *tree) field(n node) error {
	switch {
	case n.leaf && n.rep == 0:
		t.fields = append(t.fields, Field{Name: n.name, Leaves: []int{n.first}})
	case n.isMap():
		t.fields = append(t.fields, Field{Name: n.name, Leaves: []int{n.first, n.first + 1}})
	case n.leaf || n.meaning == mapGroup || n.meaning == listGroup:
		return nested(n.name)
	default:
		return t.children(n, n.name, nil)
	}
	return nil
}

// children makes a field of each leaf of a struct.
func (t *tree) children(n node, name string, path []string) error {
	for _, k := range n.kids {
		below := append(slices.Clone(path), k.name)
		switch {
		case k.rep > 0:
			return nested(name)
		case k.leaf:
			t.fields = append(t.fields, Field{Name: name, Child: strings.Join(below, "."), Leaves: []int{k.first}})
		default:
			if err := t.children(k, name, below); err != nil {
				return err
			}
		}
	}
	return nil
}

// isMap recognises a map by its annotation, or by the names of its parts, for some writers leave the annotation out.
func (n *node) isMap() bool {
	if n.leaf || n.rep > 0 || len(n.kids) != 1 {
		return false
	}
	pair := n.kids[0]
	if pair.leaf || pair.repeats != format.Repeated || len(pair.kids) != 2 {
		return false
	}
	k, v := pair.kids[0], pair.kids[1]
	return k.leaf && v.leaf && k.rep == 1 && v.rep == 1 && (n.meaning == mapGroup || pair.meaning == mapGroup || k.name == "key" && v.name == "value")
}

func nested(name string) error {
	return bursar.Errorf(bursar.Invalid, "the column %s is nested in a way that no bill is", name).WithReason("nested_column").
		WithHint("bursar reads plain columns, maps of plain values and structs of plain values; leave the column out of the export's query")
}

// Width is how many bytes a value has in plain encoding; 0 = its own length, -1 = one bit.
func (l *Leaf) Width() int {
	switch l.Physical {
	case format.Boolean:
		return -1
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return l.Length
	}
	return 0
}

// IsText says whether values are texts as they are stored.
func (l *Leaf) IsText() bool { return l.Physical == format.ByteArray && l.Meaning != Decimal }

// check refuses leaves whose description makes no sense.
func (l *Leaf) check() error {
	switch {
	case l.Physical < format.Boolean || l.Physical > format.FixedLenByteArray:
		return Damaged("the column %s has a type that Parquet does not have", l.Path)
	case l.Physical == format.FixedLenByteArray && (l.Length < 1 || l.Length > 1<<16):
		return Damaged("the column %s has values of %d bytes", l.Path, l.Length)
	case l.Meaning == Decimal && (l.Scale < 0 || l.Scale > maxScale):
		return Damaged("the column %s has decimals with %d digits after the point", l.Path, l.Scale)
	case l.MaxDef > 255 || l.MaxRep > 255:
		return Damaged("the column %s is nested too deeply", l.Path)
	}
	return nil
}

const maxScale = 38
