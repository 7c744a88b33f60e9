package app

import (
	"context"
	"errors"
)

// demoPayer is the payer of the demo's world.
const demoPayer = "111122223333"

func (d *demo) once(context.Context) error {
	return errors.New("the simulated AWS delivers no bills yet")
}
