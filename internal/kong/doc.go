// Package kong has the resources and data sources of Kong Gateway: a file for each, over the client in kongapi, tested
// on the simulator in kongsim.
package kong
