package metric

import "net/http"

// Watched is a writer that remembers the status of the answer.
type Watched struct {
	http.ResponseWriter
	status int
}

// Watch watches a writer.
func Watch(w http.ResponseWriter) *Watched { return &Watched{ResponseWriter: w} }

// Status is the answer's status; 200 where none was said, as net/http has it.
func (w *Watched) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// WriteHeader begins the answer.
func (w *Watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Flush sends what was written.
func (w *Watched) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap gives the writer inside to http.ResponseController.
func (w *Watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
