package lake

// SetStep has a function called at each step of every import, by the step's name.
func SetStep(f func(name string)) { step = f }
