package parquetread

import "github.com/parquet-go/parquet-go/format"

// meaning is what the stored numbers and bytes of a leaf stand for: its logical type, as far as bills need it.
type meaning int

const (
	plain meaning = iota // the physical type says all
	text
	decimal
	date
	millis
	micros
	nanos
	unsigned
	uuid
	mapGroup
	listGroup
	other // stored as bytes or numbers whose sense is none of these
)

// logical is a LogicalType of the footer.
type logical struct {
	meaning meaning
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
			l.meaning = text
		case logicalMap:
			l.meaning = mapGroup
		case logicalList:
			l.meaning = listGroup
		case logicalDate:
			l.meaning = date
		case logicalUUID:
			l.meaning = uuid
		case logicalFloat16:
			l.meaning = other
		case logicalDecimal:
			l.meaning = decimal
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
func (c *compact) unit() (m meaning) {
	m = other
	c.fields(func(id int, kind byte) bool {
		if id != 2 || kind != tStruct {
			return false
		}
		c.fields(func(id int, kind byte) bool {
			if id >= 1 && id <= 3 {
				m = millis + meaning(id-1)
			}
			return false
		})
		return true
	})
	return m
}

func (c *compact) signed() meaning {
	m := plain
	c.fields(func(id int, kind byte) bool {
		if id == 2 && kind == tFalse {
			m = unsigned
		}
		return false
	})
	return m
}

// means joins the logical type with the older converted type, which counts where there is no other.
func (e *element) means(l logical) meaning {
	if l.meaning != plain {
		return l.meaning
	}
	switch e.converted {
	case 0, 4, 19: // UTF8, ENUM, JSON
		return text
	case 1, 2: // MAP, MAP_KEY_VALUE
		return mapGroup
	case 3:
		return listGroup
	case 5:
		return decimal
	case 6:
		return date
	case 9:
		return millis
	case 10:
		return micros
	case 11, 12, 13, 14:
		return unsigned
	}
	if e.leaf && e.physical == format.ByteArray {
		return text // as the oldest writers leave it
	}
	return plain
}
