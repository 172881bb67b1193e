// Package install tries the forms of installation on a real API server, with the programs that people use: kubectl, Helm 4 and Helm 3. There are no
// nodes: nothing runs, and what is asked is what becomes of objects. It is run by make test-dist, which builds the programs.
package install
