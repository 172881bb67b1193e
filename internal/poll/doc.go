// Package poll asks Git servers for sources beside the passes: a server that is slow holds up no pass, of this source
// or of another. A pass says what it wants to know and gets what is known; when there is more, whoever asked is
// told. All of it is in memory: losing it means asking once more.
package poll
