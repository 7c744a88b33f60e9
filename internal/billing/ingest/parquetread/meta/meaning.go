package meta

import "github.com/parquet-go/parquet-go/format"

// Meaning is what the stored numbers and bytes of a leaf stand for: its logical type, as far as bills need it.
type Meaning int

// The meanings.
const (
	Plain Meaning = iota // the physical type says all
	Text
	Decimal
	Date
	Millis
	Micros
	Nanos
	Unsigned
	UUID
	mapGroup
	listGroup
	Other // stored as bytes or numbers whose sense is none of these
)

// logical is a LogicalType of the footer.
type logical struct {
	meaning Meaning
	scale   int
}

// The fields of the union LogicalType (parquet.thrift) that matter here.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalJSON      = 12
	logicalUUID      = 14
	logicalFloat16   = 15
)

func (c *compact) logical() (l logical) {
	c.fields(func(id int, kind byte) bool {
		if kind != tStruct {
			return false
		}
		switch id {
		case logicalString, logicalEnum, logicalJSON:
			l.meaning = Text
		case logicalMap:
			l.meaning = mapGroup
		case logicalList:
			l.meaning = listGroup
		case logicalDate:
			l.meaning = Date
		case logicalUUID:
			l.meaning = UUID
		case logicalFloat16:
			l.meaning = Other
		case logicalDecimal:
			l.meaning = Decimal
			c.fields(func(id int, kind byte) bool {
				if id != 1 || kind != tI32 {
					return false
				}
				l.scale = int(c.int())
				return true
			})
			return true
		case logicalTimestamp:
			l.meaning = c.unit()
			return true
		case logicalInteger:
			l.meaning = c.signed()
			return true
		}
		return false
	})
	return l
}

// unit reads a TimestampType. Whether it is "adjusted to UTC" makes no difference: the times of a bill are UTC.
func (c *compact) unit() (m Meaning) {
	m = Other
	c.fields(func(id int, kind byte) bool {
		if id != 2 || kind != tStruct {
			return false
		}
		c.fields(func(id int, kind byte) bool {
			if id >= 1 && id <= 3 {
				m = Millis + Meaning(id-1)
			}
			return false
		})
		return true
	})
	return m
}

func (c *compact) signed() Meaning {
	m := Plain
	c.fields(func(id int, kind byte) bool {
		if id == 2 && kind == tFalse {
			m = Unsigned
		}
		return false
	})
	return m
}

// means joins the logical type with the older converted type, which counts where there is no other.
func (e *element) means(l logical) Meaning {
	if l.meaning != Plain {
		return l.meaning
	}
	switch e.converted {
	case 0, 4, 19: // UTF8, ENUM, JSON
		return Text
	case 1, 2: // MAP, MAP_KEY_VALUE
		return mapGroup
	case 3:
		return listGroup
	case 5:
		return Decimal
	case 6:
		return Date
	case 9:
		return Millis
	case 10:
		return Micros
	case 11, 12, 13, 14:
		return Unsigned
	}
	if e.leaf && e.physical == format.ByteArray {
		return Text // as the oldest writers leave it
	}
	return Plain
}
