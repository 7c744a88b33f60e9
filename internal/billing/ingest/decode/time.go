package decode

import "time"

// Clock reads times and remembers the last day, for neighbours in a bill share it. The zero value is ready to use.
type Clock struct {
	date  [10]byte
	start int64 // of that day, in microseconds
	known bool
}

// Time reads a UTC time as microseconds since 1970: 2018-08-01T00:00:00Z, 2018-06-01 00:00:00, with a fraction, with
// or without Z, with an offset, or a date alone.
func (c *Clock) Time(s []byte) (micros int64, ok bool) {
	if len(s) < 10 {
		return 0, false
	}
	if !c.known || string(c.date[:]) != string(s[:10]) {
		start, ok := day(s[:10])
		if !ok {
			return 0, false
		}
		copy(c.date[:], s)
		c.start, c.known = start, true
	}
	if len(s) == 10 {
		return c.start, true
	}
	of, ok := timeOfDay(s[10:])
	return c.start + of, ok
}

func day(s []byte) (micros int64, ok bool) {
	y1, ok1 := two(s)
	y2, ok2 := two(s[2:])
	m, ok3 := two(s[5:])
	d, ok4 := two(s[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 || s[4] != '-' || s[7] != '-' || m < 1 || m > 12 || d < 1 {
		return 0, false
	}
	t := time.Date(y1*100+y2, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d { // the 31st of a month with 30 days
		return 0, false
	}
	return t.UnixMicro(), true
}

func two(s []byte) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// timeOfDay reads "T15:04:05.000Z" or " 15:04:05".
func timeOfDay(s []byte) (micros int64, ok bool) {
	if len(s) < 9 || s[0] != 'T' && s[0] != ' ' || s[3] != ':' || s[6] != ':' {
		return 0, false
	}
	h, ok1 := two(s[1:])
	m, ok2 := two(s[4:])
	sec, ok3 := two(s[7:])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	micros = int64((h*60+m)*60+sec) * 1_000_000
	s = s[9:]
	if len(s) > 0 && s[0] == '.' {
		frac, n := fraction(s[1:])
		if n == 0 {
			return 0, false
		}
		micros += frac
		s = s[1+n:]
	}
	zone, ok := offset(s)
	return micros - zone, ok
}

// fraction reads up to nine digits after the point; beyond microseconds they are cut off.
func fraction(s []byte) (micros int64, n int) {
	unit := int64(100_000)
	for n < len(s) && n < 9 && s[n] >= '0' && s[n] <= '9' {
		micros += int64(s[n]-'0') * unit
		unit /= 10
		n++
	}
	return micros, n
}

// offset reads "", "Z", " UTC", "+02:00" or "+0200".
func offset(s []byte) (micros int64, ok bool) {
	switch {
	case len(s) == 0 || len(s) == 1 && s[0] == 'Z' || string(s) == " UTC":
		return 0, true
	case len(s) == 6 && s[3] == ':':
		s = append(append(make([]byte, 0, 5), s[:3]...), s[4:]...)
	case len(s) != 5:
		return 0, false
	}
	h, ok1 := two(s[1:])
	m, ok2 := two(s[3:])
	if !ok1 || !ok2 || h > 14 || m > 59 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	micros = int64(h*60+m) * 60_000_000
	if s[0] == '-' {
		micros = -micros
	}
	return micros, true
}
