package duckdb

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/table"
	"github.com/duckdb/duckdb-go/v2"
)

// columnOf says how a column of a DuckDB type is handed out. What has no type of ours is text.
func columnOf(name, duck string) table.Column {
	c := table.Column{Name: name, Type: table.Text}
	switch {
	case strings.HasSuffix(duck, "]"): // lists, of whatever
	case strings.HasPrefix(duck, "DECIMAL("):
		c.Type = table.Decimal
		var precision int
		if _, err := fmt.Sscanf(duck, "DECIMAL(%d,%d)", &precision, &c.Scale); err != nil {
			c.Type = table.Text
		}
	case duck == "HUGEINT", duck == "UHUGEINT", duck == "UBIGINT":
		c.Type = table.Decimal
	case duck == "BOOLEAN":
		c.Type = table.Bool
	case duck == "DATE":
		c.Type = table.Date
	case strings.HasPrefix(duck, "TIMESTAMP"):
		c.Type = table.Timestamp
	case duck == "FLOAT", duck == "DOUBLE":
		c.Type = table.Float
	case strings.HasSuffix(duck, "INT"), duck == "INTEGER", duck == "UINTEGER":
		c.Type = table.Integer
	}
	return c
}

// cellOf makes a value what its column promises.
func cellOf(c table.Column, duck string, v any) any {
	if v == nil {
		return nil
	}
	switch c.Type {
	case table.Decimal:
		switch d := v.(type) {
		case duckdb.Decimal:
			return bursar.NewDecimal(d.Value, int(d.Scale))
		case *big.Int:
			return bursar.NewDecimal(d, 0)
		}
		return bursar.NewDecimal(new(big.Int).SetUint64(reflect.ValueOf(v).Uint()), 0)
	case table.Integer:
		if r := reflect.ValueOf(v); r.CanInt() {
			return r.Int()
		}
		return int64(reflect.ValueOf(v).Uint())
	case table.Float:
		return reflect.ValueOf(v).Float()
	case table.Text:
		return textOf(duck, v)
	}
	return v
}

func textOf(duck string, v any) string {
	switch x := v.(type) {
	case string:
		return x
	case time.Time:
		return x.Format("15:04:05.999999")
	case []byte:
		if duck == "UUID" && len(x) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", x[:4], x[4:6], x[6:8], x[8:10], x[10:])
		}
		return hex.EncodeToString(x)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
