// Package app plugs the rooms together: it is the only package that knows every other.
package app
